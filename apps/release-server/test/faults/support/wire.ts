import { once } from 'node:events';
import { connect } from 'node:net';

import type { ServerProcess } from '../../support/process.js';
import { rawRequest, type RawAnswer } from '../../support/raw.js';
import { TOKEN } from '../../support/server.js';

export const BEARER = `Authorization: Bearer ${TOKEN}`;
/** Milliseconds to wait for the next byte. */
const PATIENCE = 10_000;
const BLOCK = 64 * 1024;

type Port = Pick<ServerProcess, 'port'>;

/** What follows the request line. Nothing of it is corrected; a length is added where there is a body. */
export interface Message {
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
}

/** The bytes of a request. */
export function requestBytes(start: string, { headers = [], body }: Message = {}): Buffer {
  const content = typeof body === 'string' ? Buffer.from(body) : body;
  const length = content === undefined ? [] : [`Content-Length: ${content.length}`];
  const head = [`${start} HTTP/1.1`, 'Host: x', ...headers, ...length, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), content ?? Buffer.alloc(0)]);
}

let addresses = 0;

/** An address of loopback that no request came from yet, so that wrong tokens of many requests are not those of one client. */
export function anotherAddress(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  addresses += 1;
  return `127.${1 + ((addresses >> 16) & 127)}.${(addresses >> 8) & 255}.${addresses & 255}`;
}

/** Sends one request on a connection of its own and from an address of its own, without a client that would mend it. */
export async function ask(server: Port, start: string, message: Message = {}): Promise<RawAnswer> {
  const headers = ['Connection: close', ...(message.headers ?? [])];
  return rawRequest(server.port, requestBytes(start, { ...message, headers }), PATIENCE, anotherAddress());
}

/** As {@link ask}, with the token. */
export async function askAsWriter(server: Port, start: string, message: Message = {}): Promise<RawAnswer> {
  return ask(server, start, { ...message, headers: [BEARER, ...(message.headers ?? [])] });
}

/** A form of one part, whose disposition is taken as it stands. */
export function form(disposition: string, content = 'bytes'): Message {
  return {
    headers: ['Content-Type: multipart/form-data; boundary=x'],
    body: `--x\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${content}\r\n--x--\r\n`,
  };
}

/** The header fields of an answer, by lower-case name. */
export function fieldsOf({ head }: RawAnswer): Record<string, string> {
  const lines = head.split('\r\n').slice(1);
  return Object.fromEntries(
    lines.map((line) => {
      const [name = '', ...value] = line.split(':');
      return [name.toLowerCase(), value.join(':').trim()];
    }),
  );
}

/** `total` bytes of a text over and over. */
export function* repeated(text: string, total: number): Generator<Buffer> {
  const block = Buffer.from(text.repeat(Math.ceil(BLOCK / text.length)));
  for (let left = total; left > 0; left -= block.length) yield block.subarray(0, left);
}

/** How a client behaves that is answered before it has sent its body. */
type Manners = 'stops when it is answered' | 'goes on until it is cut off';

/**
 * Sends a head and then a body, block by block, and reads meanwhile. `taken` are the bytes of the body that have left
 * this process.
 */
export async function pump(
  { port }: Port,
  head: string,
  body: Iterable<Buffer>,
  manners: Manners = 'stops when it is answered',
): Promise<{ status: number; text: string; taken: number }> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: anotherAddress() });
  await once(socket, 'connect');
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    if (isWhole(withoutInterim(text)) && manners === 'stops when it is answered') socket.destroy();
  });
  socket.on('error', () => undefined);
  socket.setTimeout(PATIENCE, () => socket.destroy());
  const closed = new Promise<false>((resolve) => socket.once('close', () => resolve(false)));
  socket.write(head);
  let taken = 0;
  for (const block of body) {
    const sent = new Promise<boolean>((resolve) => socket.write(block, (error) => resolve(!error)));
    if (!(await Promise.race([sent, closed]))) break;
    taken += block.length;
  }
  await closed;
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(withoutInterim(text))?.[1] ?? 0), text, taken };
}

/** What follows the answers that only tell a client to go on. */
function withoutInterim(text: string): string {
  return text.replace(/^(HTTP\/1\.1 1\d\d [^]*?\r\n\r\n)+/, '');
}

/** Whether an answer has come with all of its body. */
function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  const length = /^content-length: (\d+)/im.exec(text)?.[1];
  return end >= 0 && length !== undefined && text.length >= end + 4 + Number(length);
}
