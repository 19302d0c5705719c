import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import type { ServerProcess } from '../support/process.js';
import { TOKEN } from '../support/server.js';
import { descriptors, expectDescriptors, staged } from './support/descriptors.js';
import { row } from './support/row.js';
import { slopeOf } from './support/slope.js';
import { proc } from './support/tools.js';
import { ask, download, MB, openUpload, upload } from './support/transfers.js';

const WORKERS = 12;
const NAMES = 40;
const LIMIT = 8 * MB;
/** Bytes of an upload: small ones are kept in memory once they are read, large ones come from the disk. */
const SIZES = [1, 1000, 100_000, 200_000, 1_000_000, 5_000_000];

/** What each kind of request did, by status. */
type Counts = Map<string, number>;
type Step = (
  server: ServerProcess,
  name: string,
  index: number,
) => Promise<{ status: number; fits: number[] }>;

const sizeOf = (index: number): number => SIZES[index % SIZES.length] ?? 1;

const STEPS: Readonly<Record<string, Step>> = {
  create: async (server, name, index) => {
    const sent = await upload(server, name, sizeOf(index), {
      form: index % 2 === 0,
      chunked: index % 3 === 0,
    });
    return { status: sent.status, fits: [200, 201, 409] };
  },
  overwrite: async (server, name, index) => {
    const size = sizeOf(index);
    const options = { form: index % 2 === 0, query: '?overwrite=true', seed: `${name} ${index}` };
    const sent = await upload(server, name, size, options);
    expect(sent.answer).toMatchObject({ size, sha256: sent.digest });
    return { status: sent.status, fits: [200, 201] };
  },
  download: async (server, name) => {
    const { status, headers, digest } = await download(server, `/assets/${name}`);
    if (status === 200) expect(headers.etag).toBe(`"sha256:${digest}"`);
    return { status, fits: [200, 404] };
  },
  range: async (server, name) => {
    const { status, length, headers } = await download(server, `/assets/${name}`, { Range: 'bytes=10-5000' });
    if (status === 206) expect(length).toBe(Number(headers['content-length']));
    return { status, fits: [206, 404, 416] };
  },
  list: async (server, _, index) => {
    const paths = ['/packages', '/packages?format=json', '/latest', '/packages?q=n-1&sort=size'];
    const { status } = await download(server, paths[index % paths.length] ?? '');
    return { status, fits: [200] };
  },
  delete: async (server, name) => {
    const { status } = await ask(server, 'DELETE', `/assets/${name}`);
    return { status, fits: [204, 404] };
  },
  glance: async (server, name) => {
    for (let times = 0; times < 20; times++) await ask(server, 'HEAD', `/assets/${name}`);
    return { status: (await ask(server, 'GET', '/healthz')).status, fits: [200] };
  },
  abort: async (server, name, index) => {
    const sent = openUpload(server, name, LIMIT / 2, { form: index % 2 === 0 });
    sent.on('error', () => undefined);
    sent.write(Buffer.alloc(50_000));
    await delay(index % 10);
    sent.destroy();
    return { status: 0, fits: [0] };
  },
  refuse: async (server, name, index) => {
    const refused = [
      () => upload(server, name, 100_000, { headers: { Authorization: 'Bearer wrong' } }),
      () => upload(server, name, LIMIT + 1, { chunked: true, query: '?overwrite=true' }),
      () => upload(server, '.hidden', 1000, { form: true }),
      () => upload(server, name, 1000, { query: '?overwrite=perhaps' }),
    ];
    const { status } = (await refused[index % refused.length]?.()) ?? { status: 0 };
    return { status, fits: [400, 401, 413, 422] };
  },
};

row(
  'L1',
  'a mixed load of everything: no error, resident memory without a slope, nothing left',
  {
    rounds: { usual: 20, long: 1800, of: 'seconds' },
    needs: [proc],
    timeout: { usual: 120_000, long: 3_000_000 },
  },
  async ({ server, rounds, isLong, directory, note }) => {
    const one = await server({ MAX_PACKAGES: '30', MAX_UPLOAD_SIZE: `${LIMIT}` });
    const before = await descriptors(one);
    const end = performance.now() + rounds * 1000;
    const counts: Counts = new Map();
    const load = Array.from({ length: WORKERS }, (_, worker) => work(one, worker, end, counts));
    const samples: number[] = [];
    while (performance.now() < end) {
      await delay(1000);
      samples.push((await one.inspect()).memory);
    }
    await Promise.all(load);

    const steps = [...counts.values()].reduce((sum, count) => sum + count, 0);
    note(`${steps} steps`);
    note(`${Math.round((await one.inspect()).peak / MB)} MB at most`);
    // The first third warms up. Of the rest, what a straight line through it gains from one end to the other.
    const steady = samples.slice(Math.ceil(samples.length / 3));
    const gained = slopeOf(steady) * steady.length;
    note(`${(gained / MB).toFixed(1)} MB gained in ${steady.length} s`);
    // Within seconds the warm-up is not over, and only a flood shows.
    expect(gained).toBeLessThan((isLong ? 16 : 128) * MB);

    await expectDescriptors(one, before);
    expect(await staged(directory)).toEqual([]);
    expect((await ask(one, 'GET', '/readyz')).status).toBe(200);
    const errors = (await one.logged()).filter((line) => /"level":"(ERROR|FATAL)"/.test(line));
    expect(errors).toEqual([]);
    // Whatever it still held for under way, its end would wait for.
    const ended = one.stop().then(() => 'ended');
    expect(await Promise.race([ended, delay(20_000, 'waits for what is answered', { ref: false })])).toBe(
      'ended',
    );
  },
);

/** One thing after another until the time is up, each worker in an order of its own. */
async function work(server: ServerProcess, worker: number, end: number, counts: Counts): Promise<void> {
  const kinds = Object.keys(STEPS);
  // A stride without a common divisor visits every kind, size and name with every other.
  for (let index = worker; performance.now() < end; index += 7) {
    const kind = kinds[(index + Math.floor(index / kinds.length)) % kinds.length] ?? '';
    const name = `n-${(index * 11) % NAMES}`;
    const { status, fits } = (await STEPS[kind]?.(server, name, index)) ?? { status: -1, fits: [] };
    if (!fits.includes(status)) throw new Error(`${kind} ${name} was answered with ${status}`);
    const key = `${kind} ${status}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
}

/** Bytes that may be left of a request on average: what grows by doubling is never quite where it was. */
const LEFT_OF_A_REQUEST = 5000;

const ANSWERED: Readonly<Record<string, (server: ServerProcess, index: number) => Promise<unknown>>> = {
  'form upload': (server) => upload(server, 'n', 2000, { form: true, query: '?overwrite=true' }),
  'refused form': (server) => upload(server, '.hidden', 2000, { form: true }),
  'raw upload': (server) => upload(server, 'n', 2000, { query: '?overwrite=true' }),
  'refused upload': (server) => upload(server, 'n', 2000),
  'aborted form': (server, index) => STEPS['abort']?.(server, 'n', 2 * index) ?? Promise.resolve(),
  'aborted upload': (server, index) => STEPS['abort']?.(server, 'n', 2 * index + 1) ?? Promise.resolve(),
  'form without a body': (server) =>
    leaveAfterHead(server, 'POST /upload', 'multipart/form-data; boundary=x'),
  'upload without a body': (server) => leaveAfterHead(server, 'PUT /assets/n', 'application/zip'),
  download: (server) => download(server, '/assets/n'),
  'failed download': (server, index) => download(server, `/assets/none-${index}`),
  list: (server) => download(server, '/packages'),
  probe: (server) => ask(server, 'GET', '/readyz'),
};

/** Ends the connection with the head, so that its end comes while the server begins with the request. */
async function leaveAfterHead({ port }: ServerProcess, line: string, type: string): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined).resume();
  socket.end(
    `${line} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Type: ${type}\r\nContent-Length: 1000\r\n\r\n`,
  );
  await once(socket, 'close');
}

row(
  'L2',
  'nothing is kept of a request once it is answered or given up, of whatever kind',
  { rounds: { usual: 150, long: 3000, of: 'requests of each kind' } },
  async ({ server, rounds, note }) => {
    const one = await server({ MAX_UPLOAD_SIZE: `${LIMIT}` });
    const repeat = async (kind: string, times: number): Promise<void> => {
      let next = 0;
      const worker = async (): Promise<void> => {
        for (let index = next++; index < times; index = next++) await ANSWERED[kind]?.(one, index);
      };
      await Promise.all(Array.from({ length: WORKERS }, worker));
    };
    // What the first ones fill, stays.
    for (const kind of Object.keys(ANSWERED)) await repeat(kind, 100);
    const leftOf = async (kind: string): Promise<number> => {
      const before = await one.live();
      await repeat(kind, rounds);
      let after = await one.live();
      // Connections that clients have left still wait to be accepted, and a look stops the server for a while.
      for (let looks = 0; after.responses > before.responses && looks < 30; looks++) {
        await delay(1000);
        after = await one.live();
      }
      expect({ kind, kept: Math.max(0, after.responses - before.responses) }).toEqual({ kind, kept: 0 });
      return Math.round((after.bytes - before.bytes) / rounds);
    };
    for (const kind of Object.keys(ANSWERED)) {
      // What a request leaves, it leaves each time; pools, caches and compiled code grow only now and then.
      let left = await leftOf(kind);
      for (let again = 0; left >= LEFT_OF_A_REQUEST && again < 2; again++) left = await leftOf(kind);
      note(`${kind} ${left} B`);
      expect(left).toBeLessThan(LEFT_OF_A_REQUEST);
    }
  },
);
