import * as fc from 'fast-check';

import { get, names, put, remove, sha256 } from '../support/client.js';
import { Contract } from '../support/contract.js';
import type { ServerProcess } from '../support/process.js';
import { TOKEN } from '../support/server.js';
import { excess, forms, hasPart, type FuzzedForm } from './support/forms.js';
import { assertAlways, SEED } from './support/property.js';
import { requests, PACKAGES, type FuzzedRequest } from './support/requests.js';
import { row } from './support/row.js';
import { Connection, type Answer } from './support/connection.js';

const contract = Contract.load();
/** Statuses from 500 that are documented. */
const POSSIBLE = [503, 507];
/** Bytes that may be live beyond those at the start: what is kept of small packages that were read. */
const GROWTH = 32 * 1024 * 1024;
/** Requests or forms between two looks at the server. */
const BATCH = 200;

row(
  'F1',
  'requests grown from the contract, over raw connections',
  { rounds: { usual: 2000, long: 50_000, of: 'requests' } },
  async ({ server, rounds, note }) => {
    const one = await server({ MAX_PACKAGES: '5' });
    const watch = await Watch.begin(one);
    const conversations = fc.array(requests(contract), { minLength: 1, maxLength: 20, size: 'max' });
    let sent = 0;
    for (let batch = 0; sent < rounds; batch++) {
      for (const { name, content } of PACKAGES) await put(one, name, content, { query: '?overwrite=true' });
      await assertAlways(
        conversations,
        async (conversation) => {
          sent += conversation.length;
          await converse(one, conversation, (request, answer) => watch.judge(request, answer));
        },
        { runs: BATCH / 10, seed: SEED + batch },
      );
      await watch.look();
    }
    note(`seed ${SEED}`);
    note(watch.figures());
  },
);

row(
  'F2',
  'forms with some of their bytes changed',
  { rounds: { usual: 1000, long: 50_000, of: 'forms' } },
  async ({ server, rounds, note }) => {
    const one = await server();
    const watch = await Watch.begin(one);
    for (let sent = 0; sent < rounds; sent += BATCH) {
      await assertAlways(
        forms,
        async (form) => {
          try {
            const answer = await sendForm(one, form);
            const asked = { method: 'POST', target: '/upload', isAuthorized: true, isFramed: form.isWhole };
            watch.judge(asked, answer);
            if (answer?.status === 200) {
              await takeBack(one, answer, form);
              expect(`stored with ${excess(form).join()}`).toBe('stored with ');
            }
            expect(`left: ${(await names(one)).join()}`).toBe('left: ');
          } finally {
            // So that the next form, perhaps a smaller one, is judged by what it does itself.
            for (const name of await names(one)) await remove(one, name);
          }
        },
        { runs: Math.min(BATCH, rounds - sent), seed: SEED + sent },
      );
      await watch.look();
    }
    note(`seed ${SEED}`);
    note(watch.figures());
  },
);

type Asked = Pick<FuzzedRequest, 'method' | 'target' | 'isAuthorized' | 'isFramed' | 'toString'>;

/** Judges answers, and the server that gives them. */
class Watch {
  private readonly statuses = new Map<string, number>();
  private grown = 0;

  private constructor(
    private readonly server: ServerProcess,
    private readonly before: number,
  ) {}

  static async begin(server: ServerProcess): Promise<Watch> {
    return new Watch(server, (await server.live()).bytes);
  }

  judge(asked: Asked, answer: Answer | undefined): void {
    try {
      this.judgeOne(asked, answer);
    } catch (error) {
      throw about(asked, error);
    }
  }

  private judgeOne({ method, target, isAuthorized, isFramed }: Asked, answer: Answer | undefined): void {
    const status = answer === undefined ? 'closed' : `${answer.status}`;
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    if (answer === undefined) {
      if (isFramed && method !== 'CONNECT') throw new Error('closed without a whole answer');
      return;
    }
    if (answer.status >= 500 && !POSSIBLE.includes(answer.status)) {
      throw new Error(`answered with ${answer.status}: ${answer.body.toString()}`);
    }
    if (['PUT', 'POST', 'DELETE'].includes(method) && answer.status < 300 && !isAuthorized) {
      throw new Error(`written without the token: ${answer.status}`);
    }
    const violations = contract.violations({ method, path: target, ...answer });
    if (violations.length > 0)
      throw new Error(`${answer.status} breaks the contract: ${violations.join('; ')}`);
    const tag = /^"sha256:(\w+)"$/.exec(String(answer.headers['etag']))?.[1];
    const isPackage = answer.headers['content-type'] === 'application/octet-stream' && method === 'GET';
    if (isPackage && answer.status === 200 && tag !== sha256(answer.body)) {
      throw new Error('the body is not what its ETag says');
    }
  }

  /** Whether it answers probes, and has not grown. */
  async look(): Promise<void> {
    if (!this.server.isRunning()) throw new Error('the server has ended');
    for (const path of ['/healthz', '/readyz']) {
      const response = await fetch(`${this.server.url}${path}`, { signal: AbortSignal.timeout(10_000) });
      expect(`${path}: ${response.status} ${await response.text()}`).toBe(`${path}: 200 OK`);
    }
    this.grown = (await this.server.live()).bytes - this.before;
    if (this.grown > GROWTH) throw new Error(`grown by ${megabytes(this.grown)} MiB`);
  }

  figures(): string {
    const counts = [...this.statuses].toSorted(([a], [b]) => a.localeCompare(b));
    const answers = counts.map(([status, count]) => `${count} × ${status}`).join(', ');
    return `${answers}, ${megabytes(this.grown)} MiB more live in the end`;
  }
}

/** Sends requests one after the other, on one connection as long as it lives. */
async function converse(
  server: ServerProcess,
  conversation: readonly FuzzedRequest[],
  judge: (request: FuzzedRequest, answer: Answer | undefined) => void,
): Promise<void> {
  let connection: Connection | undefined;
  try {
    for (const request of conversation) {
      const isReused = connection?.isOpen === true;
      if (!isReused || connection === undefined) connection = await Connection.open(server.port);
      let answer = await ask(connection, request);
      // A connection may be closed between two requests, and the second is then asked again (RFC 9112 §9.3.1).
      if (answer === undefined && isReused && !connection.hasHalf) {
        connection = await Connection.open(server.port);
        answer = await ask(connection, request);
      }
      judge(request, answer);
      if (request.isFramed && answer !== undefined && answer.headers['connection'] !== 'close') continue;
      connection.destroy();
      connection = undefined;
    }
  } finally {
    connection?.destroy();
  }
}

async function ask(connection: Connection, request: FuzzedRequest): Promise<Answer | undefined> {
  await connection.send(request.pieces);
  if (!request.isFramed) connection.end();
  try {
    return await connection.answer(request.method);
  } catch (error) {
    throw about(request, error);
  }
}

async function sendForm(server: ServerProcess, form: FuzzedForm): Promise<Answer | undefined> {
  const { body, isChunked, isWhole, pieces } = form;
  const connection = await Connection.open(server.port);
  const size = Math.max(1, Math.ceil(body.length / pieces));
  const parts = Array.from({ length: pieces }, (_, at) => body.subarray(at * size, (at + 1) * size)).filter(
    (part) => part.length > 0,
  );
  const framing = isChunked
    ? 'Transfer-Encoding: chunked'
    : `Content-Length: ${body.length + (isWhole ? 0 : 9)}`;
  const head = `POST /upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Type: ${form.contentType}\r\n${framing}\r\n\r\n`;
  const chunks = parts.map((part) => (isChunked ? chunkOf(part) : part));
  const last = isChunked && isWhole ? [Buffer.from('0\r\n\r\n')] : [];
  try {
    await connection.send([Buffer.from(head, 'latin1'), ...chunks, ...last]);
    if (!isWhole) connection.end();
    return await connection.answer('POST');
  } finally {
    connection.destroy();
  }
}

function chunkOf(part: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]);
}

/** Deletes what a form has stored, which has to be one of its parts. */
async function takeBack(server: ServerProcess, answer: Answer, form: FuzzedForm): Promise<void> {
  const stored = JSON.parse(answer.body.toString()) as { name: string; size: number; sha256: string };
  const response = await get(server, `/assets/${stored.name}`);
  const content = Buffer.from(await response.arrayBuffer());
  expect(`${stored.size} ${stored.sha256}`).toBe(`${content.length} ${sha256(content)}`);
  expect(`stored: ${hasPart(form, content) ? 'a part' : `no part, ${content.length} bytes`}`).toBe(
    'stored: a part',
  );
  expect(form.body.includes(stored.name)).toBe(true);
  expect((await remove(server, stored.name)).status).toBe(204);
}

function about(asked: Asked, error: unknown): Error {
  return new Error(`${error instanceof Error ? error.message : ''}, to ${asked.toString()}`, {
    cause: error,
  });
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}
