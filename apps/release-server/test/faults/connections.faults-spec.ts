import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { TOKEN } from '../support/server.js';
import { get } from '../support/client.js';
import type { ServerProcess } from '../support/process.js';
import { row } from './support/row.js';
import { MB } from './support/transfers.js';

/** Requests that a client sends over and over without reading an answer. */
const FLOODS: readonly string[] = [
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'HEAD /packages HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /packages HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /assets/none HTTP/1.1\r\nHost: a\r\n\r\n',
  `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(15_000)}\r\n\r\n`,
  'PUT /assets/a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\n\r\nPOST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n',
];

/** Sends `bytes` again and again, at most `most` of them, and reads nothing. */
async function flood(port: number, request: string, most: number): Promise<Socket> {
  const block = Buffer.from(request.repeat(Math.ceil(65_536 / request.length)));
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  await once(socket, 'connect');
  socket.pause();
  let sent = 0;
  const send = (): void => {
    while (sent < most && socket.writable) {
      sent += block.length;
      if (!socket.write(block)) return;
    }
  };
  socket.on('drain', send);
  send();
  return socket;
}

/** The median of what probes take for some time, in milliseconds. */
async function probe(server: ServerProcess, seconds: number): Promise<number> {
  const taken: number[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const asked = performance.now();
    expect((await get(server, '/healthz')).status).toBe(200);
    taken.push(performance.now() - asked);
    await delay(20);
  }
  return taken.toSorted((a, b) => a - b)[Math.floor(taken.length / 2)] ?? Infinity;
}

row(
  'X2',
  'requests without end on connections that read nothing: memory +< 80 MB, probes as at rest',
  {
    rounds: { usual: 400, long: 1000, of: 'connections' },
    timeout: { usual: 180_000, long: 300_000 },
  },
  async ({ server: start, rounds, isLong, note }) => {
    const server = await start();
    const { memory: idle } = await server.inspect();
    const rest = await probe(server, 2);
    // A machine with other work to do is slow now and then.
    const slowest = Math.max(3 * rest, 50);

    const one = await flood(server.port, FLOODS[0] ?? '', 16 * MB);
    expect(await probe(server, 3)).toBeLessThan(slowest);
    one.destroy();

    const many: Socket[] = [];
    for (let index = 0; index < rounds; index++)
      many.push(await flood(server.port, FLOODS[index % FLOODS.length] ?? '', Infinity));
    const during = await probe(server, isLong ? 10 : 5);
    const { peak } = await server.inspect();
    for (const socket of many) socket.destroy();
    const after = await probe(server, 2);
    note(
      `probes ${rest.toFixed(1)} ms at rest, ${during.toFixed(1)} meanwhile, ${after.toFixed(1)} afterwards`,
    );
    note(`memory +${Math.round((peak - idle) / MB)} MB`);
    expect(during).toBeLessThan(slowest);
    expect(after).toBeLessThan(slowest);
    expect(peak - idle).toBeLessThan(80 * MB);
  },
);

/** Bytes that are taken of a body, and seconds until its connection is closed. */
async function offer(
  port: number,
  head: string,
  piece: Buffer,
  everyMs: number,
): Promise<[number, number, string]> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  await once(socket, 'connect');
  const began = performance.now();
  let said = '';
  socket.on('data', (chunk: Buffer) => (said += chunk.toString()));
  socket.write(head);
  while (!socket.closed && performance.now() - began < 20_000) {
    if (socket.writableLength === 0) socket.write(piece);
    await delay(everyMs);
  }
  socket.destroy();
  return [socket.bytesWritten - socket.writableLength, (performance.now() - began) / 1000, said];
}

row(
  'X3',
  'bodies that no route reads, of 10^12 bytes or a byte now and then: cut as a refused upload is',
  { rounds: { usual: 2, long: 50, of: 'rounds' } },
  async ({ server: start, rounds, note }) => {
    const server = await start();
    const fields = `Host: a\r\nAuthorization: Bearer ${TOKEN}\r\n`;
    const lengths = ['Content-Length: 1000000000000', 'Transfer-Encoding: chunked'];
    const targets = [
      'GET /healthz',
      'GET /readyz',
      'HEAD /latest',
      'GET /assets/none',
      'DELETE /assets/none',
      'GET /nothing',
    ];
    let most = 0;
    let longest = 0;
    for (let round = 0; round < rounds; round++) {
      const heads = targets.flatMap((target) =>
        lengths.map((length) => {
          const begin = length.startsWith('T') ? 'fffffffff\r\n' : '';
          return `${target} HTTP/1.1\r\n${fields}${length}\r\n\r\n${begin}`;
        }),
      );
      const offers = heads.map((head) => offer(server.port, head, Buffer.from('x'), 500));
      // Of the large ones a few, so that much could be read of each.
      for (const head of heads.slice(0, 2)) offers.push(offer(server.port, head, Buffer.alloc(MB), 0));
      for (const [bytes, seconds, said] of await Promise.all(offers)) {
        expect(said).toMatch(/^HTTP\/1\.1 (200|404) /);
        most = Math.max(most, bytes);
        longest = Math.max(longest, seconds);
      }
    }
    note(`${(most / MB).toFixed(1)} MB taken at most`);
    note(`closed after ${longest.toFixed(1)} s at the latest`);
    // Beside what is read, the buffers of both ends take something.
    expect(most).toBeLessThan(32 * MB);
    expect(longest).toBeLessThan(8);
  },
);
