import { once } from 'node:events';
import { rename, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { connect as connectPlainly, createServer, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';

import { get } from '../support/client.js';
import { makeDirectory } from '../support/process.js';
import { makeCertificate, tlsEnvironment, trust, type PemFiles } from '../support/tls.js';
import { descriptors, expectDescriptors } from './support/descriptors.js';
import { row } from './support/row.js';
import { proc } from './support/tools.js';

/** Milliseconds after which files have been read, were they to be used or not. */
const READ_MS = 1000;
/** Milliseconds within which new connections have the new pair, on a machine that is busy. */
const MOST_READ_MS = 5000;

/** What a connection is answered with. */
interface Answer {
  readonly status: number | undefined;
  /** Common name in the certificate of the server. */
  readonly subject: string;
}

/** Asks whether the server is up. @param agent - Whose connection it takes; without one, a new one. */
async function ask(port: number, agent?: Agent): Promise<Answer> {
  const options = { port, host: '127.0.0.1', path: '/healthz', rejectUnauthorized: false };
  const asked = request({ ...options, agent: agent ?? false }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const { subject } = (response.socket as TLSSocket).getPeerCertificate();
  response.resume();
  await once(response, 'end');
  return { status: response.statusCode, subject: String(subject?.CN) };
}

/** Ways to put a new pair in the place of the old one: one file, a while, and the other. */
const WAYS: readonly (readonly [way: string, first: keyof PemFiles, wait: number])[] = [
  ['at once', 'cert_file', 0],
  ['the certificate first', 'cert_file', READ_MS],
  ['the key first', 'key_file', READ_MS],
];

row(
  'T1',
  'the pair of TLS replaced under load, at once, file by file and by files that are none: no connection fails for it',
  { rounds: { usual: 1, long: 50, of: 'rounds of 3 pairs' } },
  async ({ server: start, rounds, note, atEnd }) => {
    const files = await makeDirectory();
    atEnd(() => files.remove());
    const pair = makeCertificate(files.path, { subject: 'pair-0' });
    trust(pair);
    const server = await start(tlsEnvironment(pair));
    const { port } = server;
    const stays = new Agent({ keepAlive: true, maxSockets: 1 });
    atEnd(async () => stays.destroy());
    expect((await ask(port, stays)).subject).toBe('pair-0');

    let isOver = false;
    const failures: string[] = [];
    let answered = 0;
    const load = Array.from({ length: 4 }, async () => {
      // A server that is gone refuses at once, and for ever.
      while (!isOver && failures.length === 0) {
        const { status } = await ask(port).catch((error: unknown) => ({ status: String(error) }));
        if (status === 200) answered += 1;
        else failures.push(`${status}`);
      }
    });
    const subjectOf = async (what: string): Promise<string> => `${what}: ${(await ask(port)).subject}`;
    let made = 0;
    try {
      for (let round = 0; round < rounds; round++) {
        for (const [way, first, wait] of WAYS) {
          const before = `pair-${made}`;
          await writeFile(`${pair.cert_file}.none`, `none of ${made}`);
          await rename(`${pair.cert_file}.none`, pair.cert_file);
          await delay(READ_MS);
          expect(await subjectOf('none')).toBe(`none: ${before}`);
          made += 1;
          const next = makeCertificate(files.path, { name: 'next', subject: `pair-${made}` });
          const second = first === 'cert_file' ? 'key_file' : 'cert_file';
          await rename(next[first], pair[first]);
          if (wait > 0) {
            await delay(wait);
            expect(await subjectOf(`half, ${way}`)).toBe(`half, ${way}: ${before}`);
          }
          await rename(next[second], pair[second]);
          const end = performance.now() + MOST_READ_MS;
          while ((await ask(port)).subject === before && performance.now() < end) await delay(50);
          expect(await subjectOf(way)).toBe(`${way}: pair-${made}`);
        }
      }
    } finally {
      isOver = true;
      await Promise.all(load);
    }
    expect(`failed: ${[...new Set(failures)].join(', ')}`).toBe('failed: ');
    const { subject } = await ask(port, stays);
    expect(`the connection that stays has ${subject}`).toBe('the connection that stays has pair-0');
    stays.destroy();
    note(`${answered} connections, ${made} pairs`);
  },
);

/** What a client says first. */
async function clientHello(): Promise<Buffer> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const client = connect({ port, host: '127.0.0.1' }).on('error', () => undefined);
  const [socket] = (await once(listener, 'connection')) as [TLSSocket];
  const [hello] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  client.destroy();
  listener.close();
  return hello;
}

/** Seconds until the server closes a connection on which a handshake begins, and perhaps goes on by a byte a second. */
async function stall(port: number, begin: Buffer, drops: Buffer): Promise<number> {
  const began = performance.now();
  const socket = connectPlainly(port, '127.0.0.1').on('error', () => undefined);
  socket.resume().write(begin);
  const rest = drops.values();
  const timer = setInterval(() => {
    const { value } = rest.next();
    if (value !== undefined) socket.write(Buffer.from([value]));
  }, 1000);
  await new Promise((closed) => socket.once('close', closed));
  clearInterval(timer);
  return (performance.now() - began) / 1000;
}

row(
  'T2',
  'handshakes that stall at every step are closed within 15 s, answers take less than 2 s meanwhile, and none holds up the end',
  { rounds: { usual: 200, long: 1000, of: 'handshakes' }, needs: [proc], waits: true },
  async ({ server: start, rounds, note, atEnd }) => {
    const files = await makeDirectory();
    atEnd(() => files.remove());
    const pair = makeCertificate(files.path);
    trust(pair);
    const server = await start(tlsEnvironment(pair));
    await get(server, '/healthz');
    const before = await descriptors(server);
    const hello = await clientHello();
    const nothing = Buffer.alloc(0);
    const steps: readonly (readonly [begin: Buffer, drops: Buffer])[] = [
      [nothing, nothing],
      [hello.subarray(0, 3), nothing],
      [hello.subarray(0, -1), nothing],
      [hello.subarray(0, 3), hello.subarray(3)],
      // The server has answered, and waits for what ends the handshake.
      [hello, nothing],
      [hello, Buffer.from([20, 3, 3, 0, 1, 1, 23, 3, 3, 0, 53, ...Buffer.alloc(53)])],
    ];
    const open = (index: number): Promise<number> =>
      stall(server.port, ...(steps[index % steps.length] ?? [nothing, nothing]));
    let left = rounds;
    let latest = 0;
    const handshakes = Array.from({ length: rounds }, async (_, index) => {
      latest = Math.max(latest, await open(index));
      left -= 1;
    });
    let slowest = 0;
    const end = performance.now() + 15_000;
    while (performance.now() < end && left > 0) {
      const asked = performance.now();
      expect((await ask(server.port)).status).toBe(200);
      slowest = Math.max(slowest, performance.now() - asked);
      await delay(100);
    }
    note(`the last closed after ${latest.toFixed(1)} s`);
    note(`slowest answer ${Math.round(slowest)} ms`);
    expect(`${left} are open after 15 s`).toBe('0 are open after 15 s');
    expect(slowest).toBeLessThan(2000);
    await Promise.all(handshakes);
    await expectDescriptors(server, before + 4);

    const late = steps.map((_, index) => open(index));
    await delay(1000);
    const began = performance.now();
    await server.stop();
    const seconds = (performance.now() - began) / 1000;
    expect(`ended ${seconds < 4 ? 'at once' : `after ${seconds.toFixed(1)} s`}`).toBe('ended at once');
    await Promise.all(late);
  },
);
