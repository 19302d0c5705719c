import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { get } from '../support/client.js';
import type { ServerProcess } from '../support/process.js';
import { serveMany } from './support/many-packages.js';
import { row } from './support/row.js';
import { MB } from './support/transfers.js';

const UNREAD = 60;
/**
 * Bytes of memory beyond those at rest: what may be prepared and in flight is 64 MiB, what is read of it by 60 sockets some
 * more, and until it is collected what it was made of as much again. Without bounds it is 480 lists of megabytes.
 */
const MOST_GROWTH = 160 * MB;
/** How much later than at rest a probe may come, beside three seconds for a machine that does much else. */
const LATER = 40;

/** What one asks for who has the server make every answer anew. */
const KINDS: Readonly<Record<string, (index: number) => { path: string; host?: string; accept?: string }>> = {
  'a release by hosts': (index) => ({ path: '/latest', host: `h${index}.example` }),
  'JSON by hosts': (index) => ({ path: '/packages?format=json', host: `h${index}.example` }),
  'JSON by spaces': (index) => ({ path: `/packages?format=json&q=t${'+'.repeat(index)}` }),
  'JSON by words': (index) => ({
    path: `/packages?format=json&q=${'tool+zip+v1+'.slice(0, 1 + (index % 12))}${'o'.repeat(1 + (index % 2))}`,
  }),
  'links by hosts': (index) => ({ path: '/packages', host: `h${index}.example`, accept: '*/*' }),
  'links by searches': (index) => ({ path: `/packages?q=v1+${index % 10}`, accept: '*/*' }),
  'rows by pages': (index) => ({ path: `/packages?per_page=${1000 - index}&page=${1 + (index % 9)}` }),
  'rows by hosts': (index) => ({ path: '/packages?per_page=1000', host: `h${index}.example` }),
};

row(
  'X4',
  '10,000 packages, 60 unread lists of each kind, each under another host, search or page: as one, or 503',
  { rounds: { usual: 1, long: 20, of: 'rounds of 480 lists' }, timeout: { usual: 240_000, long: 3_600_000 } },
  async ({ server: start, rounds, directory, note }) => {
    const server = await serveMany({ server: start, directory });
    // One of each kind, read to its end: what is made once is made.
    for (const request of Object.values(KINDS)) {
      const { path, accept = 'text/html' } = request(0);
      await (await get(server, path, { Accept: accept })).arrayBuffer();
    }
    const { memory: idle } = await server.inspect();
    const rest = Math.max(...(await probes(server, 20)));
    note(`idle ${Math.round(idle / MB)} MB, slowest probe at rest ${Math.round(rest)} ms`);
    let [refused, slowest, slowestKind] = [0, 0, ''];
    for (let round = 0; round < rounds; round++) {
      for (const [kind, request] of Object.entries(KINDS)) {
        const watched = { isOver: false };
        const watching = watch(server, watched);
        const asked = await Promise.all(
          Array.from({ length: UNREAD }, (_, index) => ask(server.port, request(index))),
        );
        await delay(200);
        watched.isOver = true;
        const slow = Math.max(...(await watching));
        if (slow > slowest) [slowest, slowestKind] = [slow, kind];
        for (const { head } of asked) {
          const status = Number(head.split(' ')[1]);
          if (status === 503) {
            expect(head).toMatch(/^retry-after: \d+/im);
            refused += 1;
          } else expect(`${kind}: ${status}`).toBe(`${kind}: 200`);
        }
        for (const { socket } of asked) socket.destroy();
        // Whoever is refused may come again, once the others are gone.
        const { path, host, accept } = request(UNREAD - 1);
        const again = await ask(server.port, { path, host, accept });
        expect(`${kind}, again: ${again.head.split(' ')[1]}`).toBe(`${kind}, again: 200`);
        again.socket.destroy();
      }
    }
    const { peak } = await server.inspect();
    note(
      `peak ${Math.round(peak / MB)} MB, slowest probe ${Math.round(slowest)} ms with ${slowestKind}, ${refused} refused`,
    );
    expect(peak - idle).toBeLessThan(MOST_GROWTH);
    expect(slowest).toBeLessThan(3000 + LATER * rest);
  },
);

/** Asks on a connection of its own and reads the first bytes only. */
async function ask(
  port: number,
  {
    path,
    host = 'x',
    accept = 'text/html',
  }: { path: string; host?: string | undefined; accept?: string | undefined },
): Promise<{ socket: Socket; head: string }> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  const lines = [`GET ${path} HTTP/1.1`, `Host: ${host}`, `Accept: ${accept}`, 'Accept-Encoding: br', '', ''];
  socket.write(lines.join('\r\n'));
  const [first] = (await once(socket, 'data')) as [Buffer];
  socket.pause();
  return { socket, head: first.toString('latin1').split('\r\n\r\n')[0] ?? '' };
}

/** Milliseconds that probes take, one after the other. */
async function probes(server: ServerProcess, count: number): Promise<number[]> {
  const times = [];
  for (let probe = 0; probe < count; probe++) {
    const began = performance.now();
    expect((await get(server, '/healthz')).status).toBe(200);
    times.push(performance.now() - began);
  }
  return times;
}

async function watch(server: ServerProcess, watched: { readonly isOver: boolean }): Promise<number[]> {
  const times = [];
  while (!watched.isOver) {
    times.push(...(await probes(server, 1)));
    await delay(10);
  }
  return times;
}
