import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import { get, put } from '../support/client.js';
import { stagedIn } from '../support/storage.js';
import { objectStore, wayOf } from './support/behind-proxy.js';
import { row } from './support/row.js';
import { digestOf, download, MB, upload } from './support/transfers.js';

const SLOW = 50;
/** Bytes that no socket, proxy or store between takes in at once. */
const LARGE = 20 * MB;

/** A download of which nothing is read once it has begun. */
async function beginDownload(port: number, name: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.write(`GET /assets/${name} HTTP/1.1\r\nHost: x\r\n\r\n`);
  const [head] = (await once(socket, 'data')) as [Buffer];
  expect(head.toString('latin1')).toMatch(/^HTTP\/1\.1 200 /);
  socket.pause();
  return socket;
}

/** The least milliseconds that something takes, of some times. */
async function fastest(act: () => Promise<unknown>): Promise<number> {
  let least = Infinity;
  for (let times = 0; times < 5; times++) {
    const began = performance.now();
    await act();
    least = Math.min(least, performance.now() - began);
  }
  return least;
}

row(
  'O10',
  'slow downloads from an object store delay neither probes nor publishes by a second',
  { rounds: { usual: SLOW, long: 4 * SLOW, of: 'slow downloads' }, needs: [objectStore] },
  async (own) => {
    const server = await (await wayOf(own)).start({ MAX_PACKAGES: 'null' });
    expect((await upload(server, 'large.zip', LARGE)).status).toBe(201);
    let published = 0;
    const probe = async (): Promise<void> => expect((await get(server, '/readyz')).status).toBe(200);
    const publish = async (): Promise<void> =>
      expect((await put(server, `${published++}.zip`, 'content')).status).toBe(201);
    const before = { probe: await fastest(probe), publish: await fastest(publish) };

    const sockets = await Promise.all(
      Array.from({ length: own.rounds }, () => beginDownload(server.port, 'large.zip')),
    );
    const meanwhile = { probe: await fastest(probe), publish: await fastest(publish) };
    for (const socket of sockets) socket.destroy();

    own.note(`probe ${Math.round(before.probe)} and ${Math.round(meanwhile.probe)} ms`);
    own.note(`publish ${Math.round(before.publish)} and ${Math.round(meanwhile.publish)} ms`);
    expect(meanwhile.probe - before.probe).toBeLessThan(1000);
    expect(meanwhile.publish - before.publish).toBeLessThan(1000);
  },
);

row(
  'O11',
  '10 uploads to an object store, raw and as forms, and 10 downloads at once: peak < idle + 100 MB, nothing spooled is left',
  { rounds: { usual: 20, long: 100, of: 'MB each' }, needs: [objectStore] },
  async (own) => {
    const size = own.rounds * MB;
    const server = await (await wayOf(own)).start({ MAX_PACKAGES: 'null', MAX_UPLOAD_SIZE: '1GB' });
    expect((await upload(server, 'seed', size)).status).toBe(201);
    const digest = digestOf('seed', size);
    const { memory: idle } = await server.inspect();

    const ten = Array.from({ length: 10 }, (_, index) => index);
    const up = Promise.all(
      ten.map(async (index) => {
        const sent = await upload(server, `n-${index}`, size, {
          form: index % 2 === 0,
          chunked: index % 4 < 2,
        });
        expect(sent).toMatchObject({
          status: index % 2 === 0 ? 200 : 201,
          answer: { size, sha256: sent.digest },
        });
      }),
    );
    const down = ten.map(async (index) => {
      // Every other reader waits until all is stored; the server may not read on for it meanwhile.
      const transfer = await download(server, '/assets/seed', {}, index % 2 === 0 ? up : undefined);
      expect(transfer).toMatchObject({ status: 200, length: size, digest });
    });
    await Promise.all([up, ...down]);

    const { peak } = await server.inspect();
    own.note(`idle ${Math.round(idle / MB)} MB`);
    own.note(`peak ${Math.round(peak / MB)} MB`);
    expect(await stagedIn(own.directory)).toEqual([]);
    expect(peak - idle).toBeLessThan(100 * MB);
  },
);
