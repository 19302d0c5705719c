import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { get, names, put, sha256 } from '../support/client.js';
import { TOKEN } from '../support/server.js';
import { until } from '../support/until.js';
import { descriptors, expectDescriptors, staged } from './support/descriptors.js';
import { row } from './support/row.js';
import { proc } from './support/tools.js';
import { answerOf, formAround, openUpload, upload } from './support/transfers.js';

const AUTHORIZED = `Host: x\r\nAuthorization: Bearer ${TOKEN}\r\n`;

/** A connection that sends `begin`, and then perhaps `drop` each second, until the server closes it. */
interface Slow {
  readonly begin: string;
  readonly drop: string;
}

/** Seconds that the server kept the connection, and what it said. */
async function drip(port: number, { begin, drop }: Slow): Promise<{ seconds: number; said: string }> {
  const socket = connect(port, '127.0.0.1');
  const began = performance.now();
  let said = '';
  socket.on('error', () => undefined).on('data', (chunk: Buffer) => (said += chunk.toString('latin1')));
  const closed = once(socket, 'close');
  if (begin !== '') socket.write(begin);
  const timer = drop === '' ? undefined : setInterval(() => socket.write(drop), 1000);
  await closed;
  clearInterval(timer);
  return { seconds: (performance.now() - began) / 1000, said };
}

/** Reads a little of a download and then nothing, until the rest is asked for. */
async function slowReader(
  port: number,
  index: number,
): Promise<() => Promise<{ etag: string | undefined; length: number; digest: string }>> {
  const asked = request({ port, host: '127.0.0.1', agent: false, path: '/assets/big' });
  asked.end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const hash = createHash('sha256');
  let length = 0;
  const take = (chunk: Buffer): void => {
    hash.update(chunk);
    length += chunk.length;
  };
  for (let read = 0; read < index; read++)
    take((await once(response, 'readable'), response.read()) as Buffer);
  return async () => {
    for await (const chunk of response) take(chunk as Buffer);
    return { etag: response.headers.etag, length, digest: hash.digest('hex') };
  };
}

row(
  'S1',
  'slowloris connections are closed within 25 s, and the probes answer within 1 s meanwhile',
  { rounds: { usual: 500, long: 500, of: 'connections' }, needs: [proc], waits: true },
  async ({ server, rounds, note }) => {
    const one = await server();
    const before = await descriptors(one);
    const kinds: Slow[] = [
      { begin: 'GET /packages HTTP/1.1\r\nHost: x\r\n', drop: 'X-A: b\r\n' },
      { begin: 'G', drop: 'E' },
      { begin: `PUT /assets/n HTTP/1.1\r\n${AUTHORIZED}`, drop: 'X' },
      { begin: '', drop: '' },
      // Without a token, a body has not even the right to be slow.
      { begin: 'PUT /assets/n HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n', drop: 'x' },
      { begin: 'POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n', drop: '1\r\nx\r\n' },
    ];
    let open = rounds;
    let latest = 0;
    const connections = Array.from({ length: rounds }, async (_, index) => {
      const { seconds } = await drip(one.port, kinds[index % kinds.length] ?? { begin: '', drop: '' });
      latest = Math.max(latest, seconds);
      open -= 1;
    });
    let slowest = 0;
    const end = performance.now() + 25_000;
    while (performance.now() < end && open > 0) {
      for (const probe of ['/healthz', '/readyz']) {
        const asked = performance.now();
        expect((await get(one, probe)).status).toBe(200);
        slowest = Math.max(slowest, performance.now() - asked);
      }
      await delay(100);
    }
    note(`the last closed after ${latest.toFixed(1)} s`);
    note(`slowest probe ${Math.round(slowest)} ms`);
    expect(`${open} are open after 25 s`).toBe('0 are open after 25 s');
    expect(slowest).toBeLessThan(1000);
    await Promise.all(connections);
    // Some for the connections of the probes, which stay for a while.
    await expectDescriptors(one, before + 4);
  },
);

row(
  'S2',
  'steady slow uploads are stored, however long they take',
  { rounds: { usual: 35, long: 600, of: 'seconds' }, waits: true },
  async ({ server, rounds }) => {
    const one = await server();
    const size = rounds * 1000;
    const sendings = [false, true].flatMap((form) => [false, true].map((chunked) => ({ form, chunked })));
    const uploads = sendings.map(async ({ form, chunked }) => {
      const name = `slow-${form}-${chunked}`;
      const sent = openUpload(one, name, size, { form, chunked });
      const answered = answerOf(sent);
      const { head, tail } = formAround(name);
      let isAnswered = false;
      const end = (): void => void (isAnswered = true);
      answered.then(end, end);
      if (form) sent.write(head);
      for (let second = 0; second < rounds && !isAnswered; second++) {
        sent.write(Buffer.alloc(1000, 's'));
        await Promise.race([delay(1000), answered]);
      }
      sent.end(form ? tail : '');
      return answered;
    });
    const expected = { size, sha256: sha256(Buffer.alloc(size, 's')) };
    for (const [index, answer] of (await Promise.all(uploads)).entries())
      expect(answer).toMatchObject({
        status: sendings[index]?.form === true ? 200 : 201,
        answer: expected,
      });
    expect(await names(one)).toHaveLength(sendings.length);
  },
);

row(
  'S3',
  'bodies that stall are refused with 408 after 30 s, and nothing of them is kept',
  { rounds: { usual: 20, long: 200, of: 'uploads' }, needs: [proc], waits: true },
  async ({ server, rounds, directory, note }) => {
    const one = await server();
    const before = await descriptors(one);
    const { head, type } = formAround('n');
    const stalled = [
      `PUT /assets/n HTTP/1.1\r\n${AUTHORIZED}Content-Length: 999\r\n\r\nhalf`,
      `PUT /assets/n HTTP/1.1\r\n${AUTHORIZED}Content-Length: 999\r\nExpect: 100-continue\r\n\r\n`,
      `PUT /assets/n HTTP/1.1\r\n${AUTHORIZED}Transfer-Encoding: chunked\r\n\r\n9\r\nhalf`,
      `POST /upload HTTP/1.1\r\n${AUTHORIZED}Content-Type: ${type}\r\nContent-Length: 999\r\n\r\n`,
      `POST /upload HTTP/1.1\r\n${AUTHORIZED}Content-Type: ${type}\r\nContent-Length: 999\r\n\r\n${head}half`,
    ];
    const uploads = Array.from({ length: rounds }, (_, index) =>
      drip(one.port, { begin: stalled[index % stalled.length] ?? '', drop: '' }),
    );
    await until(async () => (await staged(directory)).length === Math.ceil((rounds * 4) / stalled.length));
    const late = delay(45_000, undefined, { ref: false });
    const results = await Promise.race([Promise.all(uploads), late]);
    if (results === undefined) throw new Error('stalled uploads are held for more than 45 s');
    expect(new Set(results.map(({ said }) => /^HTTP\S+ (?!100)(\d+)/m.exec(said)?.[1]))).toEqual(
      new Set(['408']),
    );
    const seconds = results.map((result) => result.seconds);
    note(`closed after ${Math.min(...seconds).toFixed(1)} to ${Math.max(...seconds).toFixed(1)} s`);
    expect(Math.min(...seconds)).toBeGreaterThan(25);
    expect(await staged(directory)).toEqual([]);
    await expectDescriptors(one, before);
    expect(await names(one)).toEqual([]);
  },
);

row(
  'S4',
  'slow readers get the bytes that they began with, while the file is replaced and deleted',
  { rounds: { usual: 5, long: 200, of: 'rounds of 8 readers' } },
  async ({ server, rounds, note }) => {
    const one = await server({ MAX_PACKAGES: 'null' });
    // More than the buffers of both ends take, so that most is read from the disk afterwards.
    const size = 32 * 1024 * 1024;
    let lastBytes = 0;
    for (let round = 0; round < rounds; round++) {
      const overwrite = { query: '?overwrite=true' };
      const first = await upload(one, 'big', size, { ...overwrite, seed: `first-${round}` });
      const readers = await Promise.all(Array.from({ length: 8 }, (_, index) => slowReader(one.port, index)));
      for (const seed of ['second', 'third'])
        await upload(one, 'big', size, { ...overwrite, seed: `${seed}-${round}` });
      if (round % 2 === 0)
        await fetch(`${one.url}/assets/big`, {
          method: 'DELETE',
          headers: { Authorization: `Bearer ${TOKEN}` },
        });
      else await put(one, 'big', 'short', overwrite);
      for (const reader of readers) {
        const { etag, length, digest } = await reader();
        expect(`${length} ${digest}`).toBe(`${size} ${first.digest}`);
        expect(etag).toBe(`"sha256:${first.digest}"`);
        lastBytes += length;
      }
    }
    note(`${Math.round(lastBytes / 1e6)} MB whole`);
  },
);
