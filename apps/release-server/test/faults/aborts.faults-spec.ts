import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { names, put } from '../support/client.js';
import { TOKEN } from '../support/server.js';
import { until } from '../support/until.js';
import { descriptors, expectDescriptors, staged } from './support/descriptors.js';
import { row } from './support/row.js';
import { proc } from './support/tools.js';
import { digestOf, download, formAround, upload } from './support/transfers.js';

const HEAD = `Host: x\r\nAuthorization: Bearer ${TOKEN}\r\n`;
const SIZE = 300_000;

/** Ways in which an upload is given up: what is sent before the connection ends. */
const ABORTED: ((name: string) => string)[] = [
  (name) => `PUT /assets/${name} HTTP/1.1\r\n${HEAD}Content-Length: ${SIZE}\r\n\r\n`,
  (name) => `PUT /assets/${name} HTTP/1.1\r\n${HEAD}Content-Length: ${SIZE}\r\n\r\n${'x'.repeat(SIZE - 1)}`,
  (name) => `PUT /assets/${name} HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`,
  (name) => `PUT /assets/${name} HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\nffff\r\nhello`,
  (name) => form(name, `${formAround(name).head}${'x'.repeat(100_000)}`),
  // The file is whole and staged, and what follows it is not.
  (name) => form(name, `${formAround(name).head}whole\r\n--x\r\nContent-Disposition: form-data; name="more`),
  (name) => form(name, '--x\r\nContent-Disposition: form-'),
];

function form(name: string, body: string): string {
  const { type } = formAround(name);
  return `POST /upload HTTP/1.1\r\n${HEAD}Content-Type: ${type}\r\nContent-Length: ${SIZE}\r\n\r\n${body}`;
}

async function abort(port: number, bytes: string, index: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(bytes);
  await delay(index % 20);
  if (index % 2 === 0) socket.resetAndDestroy();
  else socket.end();
  if (!socket.destroyed) await Promise.race([once(socket, 'close'), delay(100)]);
  socket.destroy();
}

row(
  'R5',
  'uploads aborted at every stage: descriptors and staged files as before',
  { rounds: { usual: 300, long: 1000, of: 'aborted uploads' }, needs: [proc] },
  async ({ server, rounds, directory, note }) => {
    const one = await server();
    await put(one, 'kept', 'kept');
    const before = await descriptors(one);
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let index = next++; index < rounds; index = next++) {
        const bytes = ABORTED[index % ABORTED.length]?.(`n-${index}`) ?? '';
        await abort(one.port, bytes, index);
      }
    };
    await Promise.all(Array.from({ length: 10 }, worker));
    await until(async () => (await staged(directory)).length === 0).catch(async () => {
      throw new Error(`${(await staged(directory)).length} staged files are left`);
    });
    await expectDescriptors(one, before);
    note('descriptor and staged delta 0');
    expect(await names(one)).toEqual(['kept']);
    expect((await put(one, 'after', 'after')).status).toBe(201);
  },
);

row(
  'R6',
  '256 descriptors and 400 connections: what cannot be opened is refused with 503, then it recovers',
  { rounds: { usual: 2, long: 20, of: 'rounds' }, needs: [proc] },
  async ({ server, rounds, directory, note }) => {
    const one = await server({}, { through: ['sh', '-c', 'ulimit -n 256; exec "$@"', '-'] });
    const size = 1_000_000;
    expect((await upload(one, 'kept', size)).status).toBe(201);
    const before = await descriptors(one);
    const statuses = new Map<string, number>();
    for (let round = 0; round < rounds; round++) {
      const sockets = await Promise.all(Array.from({ length: 400 }, () => open(one.port)));
      await until(async () => (await descriptors(one)) >= 250);
      // Those who got in ask for what takes a descriptor, and hold their connection.
      const answers = await Promise.all(sockets.map((socket, index) => ask(socket, index)));
      for (const status of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1);
      for (const socket of sockets) socket.destroy();

      await expectDescriptors(one, before);
      expect(await staged(directory)).toEqual([]);
      const stored = await upload(one, 'again', size, { query: '?overwrite=true' });
      expect([200, 201]).toContain(stored.status);
      expect(await download(one, '/assets/again')).toMatchObject({ status: 200, digest: stored.digest });
      expect(await download(one, '/assets/kept')).toMatchObject({ digest: digestOf('kept', size) });
      expect((await download(one, '/readyz')).status).toBe(200);
    }
    note(Array.from(statuses, ([status, count]) => `${count} ${status}`).join(', '));
    expect(
      [...statuses.keys()].filter((status) => !['200', '201', '503', 'closed'].includes(status)),
    ).toEqual([]);
    expect(statuses.get('503')).toBeGreaterThan(0);
  },
);

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => undefined);
  return socket;
}

/** Asks for a download or an upload on a connection, and returns the status, or that it was closed. */
async function ask(socket: Socket, index: number): Promise<string> {
  const requests = [
    `GET /assets/kept HTTP/1.1\r\nHost: x\r\n\r\n`,
    `PUT /assets/n-${index} HTTP/1.1\r\n${HEAD}Content-Length: 1\r\n\r\nx`,
  ];
  const answered = new Promise<string>((resolve) => {
    socket.once('data', (chunk: Buffer) => resolve(chunk.toString('latin1', 9, 12)));
    socket.once('close', () => resolve('closed'));
    if (socket.destroyed) resolve('closed');
  });
  socket.write(requests[index % requests.length] ?? '');
  return answered;
}
