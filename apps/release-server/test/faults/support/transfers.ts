import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

import { AUTH, type TestServer } from '../../support/server.js';
import { anotherAddress } from './wire.js';

type Server = Pick<TestServer, 'port'>;

export const MB = 1_000_000;
/** Bytes that the client writes at once. */
const BLOCK = 256 * 1024;

/** How an upload is sent: raw or as a form, of announced length or in chunks. */
export interface Sending {
  readonly form?: boolean;
  readonly chunked?: boolean;
  readonly query?: string;
  readonly headers?: Record<string, string>;
}

/** An answer, and the digest of what was sent or received. */
export interface Transfer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** Of what was sent by an upload, of what arrived by a download. */
  readonly digest: string;
  readonly length: number;
  /** The answer of an upload, or of a download that failed. */
  readonly answer: Record<string, unknown>;
}

/** Bytes that no other seed has, so that bytes of one transfer in another are seen. */
export function* bytesOf(seed: string, size: number): Generator<Buffer> {
  const block = Buffer.alloc(BLOCK, `${seed} `);
  for (let sent = 0; sent < size; sent += block.length) yield block.subarray(0, size - sent);
}

export function digestOf(seed: string, size: number): string {
  const hash = createHash('sha256');
  for (const block of bytesOf(seed, size)) hash.update(block);
  return hash.digest('hex');
}

/** What stands before the file's bytes in a form, and after them. */
export function formAround(name: string): { head: string; tail: string; type: string } {
  return {
    head: `--x\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n\r\n`,
    tail: '\r\n--x--\r\n',
    type: 'multipart/form-data; boundary=x',
  };
}

/** Opens an upload without sending any of its body. */
export function openUpload(
  server: Server,
  name: string,
  size: number,
  { form = false, chunked = false, query = '', headers = {} }: Sending = {},
): ClientRequest {
  const { head, tail, type } = formAround(name);
  const length = form ? head.length + size + tail.length : size;
  return request({
    port: server.port,
    host: '127.0.0.1',
    agent: false,
    localAddress: anotherAddress(),
    method: form ? 'POST' : 'PUT',
    path: form ? `/upload${query}` : `/assets/${encodeURIComponent(name)}${query}`,
    headers: {
      ...AUTH,
      ...(form ? { 'Content-Type': type } : {}),
      ...(chunked ? { 'Transfer-Encoding': 'chunked' } : { 'Content-Length': length }),
      ...headers,
    },
  });
}

/** Sends `size` bytes as fast as the server takes them, until it answers. */
export async function upload(
  server: Server,
  name: string,
  size: number,
  sending: Sending & { readonly seed?: string } = {},
): Promise<Transfer> {
  const sent = openUpload(server, name, size, sending);
  const { head, tail } = formAround(name);
  const hash = createHash('sha256');
  const answered = answerOf(sent);
  let isAnswered = false;
  const end = (): void => void (isAnswered = true);
  answered.then(end, end);
  if (sending.form === true) sent.write(head);
  for (const block of bytesOf(sending.seed ?? name, size)) {
    if (isAnswered) break;
    hash.update(block);
    if (!sent.write(block)) await Promise.race([once(sent, 'drain').catch(() => undefined), answered]);
  }
  if (!isAnswered) sent.end(sending.form === true ? tail : '');
  const { status, headers, answer } = await answered;
  sent.destroy();
  return { status, headers, answer, digest: hash.digest('hex'), length: size };
}

/** The answer to a request, also when it came before the body was sent and the connection broke then. */
export async function answerOf(
  sent: ClientRequest,
): Promise<Pick<Transfer, 'status' | 'headers' | 'answer'>> {
  const [response] = (await once(sent, 'response').catch((error: unknown) => {
    throw new Error(`${sent.method} ${sent.path} was not answered`, { cause: error });
  })) as [IncomingMessage];
  sent.on('error', () => undefined);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    answer: parse(await text(response)),
  };
}

/** Asks for something small, on a connection of its own. */
export async function ask(
  server: Server,
  method: string,
  path: string,
): Promise<Pick<Transfer, 'status' | 'headers' | 'answer'>> {
  const sent = request({ port: server.port, host: '127.0.0.1', agent: false, method, path, headers: AUTH });
  sent.end();
  return answerOf(sent);
}

/** Downloads and digests, without keeping the bytes; reads none of them before `heldUp` is over. */
export async function download(
  server: Server,
  path: string,
  headers: Record<string, string> = {},
  heldUp: Promise<unknown> = Promise.resolve(),
): Promise<Transfer> {
  const sent = request({ port: server.port, host: '127.0.0.1', agent: false, path, headers });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const { statusCode: status = 0, headers: received } = response;
  if (status >= 300)
    return { status, headers: received, digest: '', length: 0, answer: parse(await text(response)) };
  await heldUp;
  const { hash, length } = await consume(response);
  return { status, headers: received, digest: hash.digest('hex'), length, answer: {} };
}

async function consume(response: AsyncIterable<Buffer>): Promise<{ hash: Hash; length: number }> {
  const hash = createHash('sha256');
  let length = 0;
  for await (const chunk of response) {
    hash.update(chunk);
    length += chunk.length;
  }
  return { hash, length };
}

function parse(body: string): Record<string, unknown> {
  try {
    return JSON.parse(body) as Record<string, unknown>;
  } catch {
    return { text: body };
  }
}
