import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import { anotherAddress } from './wire.js';

/** Milliseconds within which a request is answered or its connection closed. */
const PATIENCE = 15_000;

/** One answer, read as a client has to read it. */
export interface Answer {
  readonly status: number;
  /** By their names in lower case; of several, all. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
}

/** A connection on which anything can be sent, and answers are read one after the other. */
export class Connection {
  private received = Buffer.alloc(0);
  private closed = false;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
    });
    socket.on('error', () => undefined);
    socket.once('close', () => (this.closed = true));
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect({
      port,
      host: '127.0.0.1',
      localAddress: anotherAddress(),
      allowHalfOpen: true,
      noDelay: true,
    });
    const connection = new Connection(socket);
    await once(socket, 'connect');
    // The server has said its last word, and nobody listens to ours.
    socket.once('end', () => socket.end());
    return connection;
  }

  /** Can be used for one more request. */
  get isOpen(): boolean {
    return !this.closed && this.socket.writable && !this.socket.readableEnded;
  }

  /** Whether a part of an answer has come. */
  get hasHalf(): boolean {
    return this.received.length > 0;
  }

  /** Sends pieces one by one, as far as somebody takes them. */
  async send(pieces: readonly Buffer[]): Promise<void> {
    for (const piece of pieces) {
      if (this.socket.writable) this.socket.write(piece);
      await new Promise(setImmediate);
    }
  }

  /** Says that nothing more will come. */
  end(): void {
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** The next answer that is final; undefined when the connection is closed before all of it has come. */
  async answer(method: string): Promise<Answer | undefined> {
    const end = performance.now() + PATIENCE;
    for (;;) {
      const isOver = this.closed || this.socket.readableEnded;
      const parsed = parseAnswer(this.received, method, isOver);
      if (parsed !== undefined) {
        this.received = this.received.subarray(parsed.length);
        if (parsed.answer.status >= 200) return parsed.answer;
        continue;
      }
      if (isOver) {
        return undefined;
      }
      if (performance.now() > end) throw new Error(`no answer within ${PATIENCE} ms`);
      await this.change(end);
    }
  }

  private async change(end: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, Math.max(0, end - performance.now()));
      const { socket } = this;
      for (const event of ['data', 'end', 'close']) socket.once(event, done);
      function done(): void {
        clearTimeout(timer);
        for (const event of ['data', 'end', 'close']) socket.off(event, done);
        resolve();
      }
    });
  }
}

/** The answer that the bytes begin with, and its length; undefined while it is not whole. */
function parseAnswer(
  bytes: Buffer,
  method: string,
  isOver: boolean,
): { answer: Answer; length: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n');
  const match = /^HTTP\/1\.1 (\d{3}) [\x20-\x7e]+$/.exec(statusLine);
  if (match === null) throw new Error(`no status line: ${statusLine}`);
  const status = Number(match[1]);
  const headers: Record<string, string | string[]> = {};
  for (const line of lines) {
    const [, name = '', value = ''] = /^([\w-]+): ([\x20-\x7e]*)$/.exec(line) ?? [];
    if (name === '') throw new Error(`no header: ${JSON.stringify(line)}`);
    const key = name.toLowerCase();
    headers[key] = key in headers ? [headers[key] ?? [], value].flat() : value;
  }
  const start = headEnd + 4;
  const isBodiless = method === 'HEAD' || status < 200 || status === 204 || status === 304;
  const taken = isBodiless ? { body: Buffer.alloc(0), end: start } : parseBody(bytes, start, headers, isOver);
  return taken && { answer: { status, headers, body: taken.body }, length: taken.end };
}

function parseBody(
  bytes: Buffer,
  start: number,
  headers: Answer['headers'],
  isOver: boolean,
): { body: Buffer; end: number } | undefined {
  if (headers['transfer-encoding'] === 'chunked') return parseChunks(bytes, start);
  const announced = headers['content-length'];
  if (announced === undefined) return isOver ? { body: bytes.subarray(start), end: bytes.length } : undefined;
  const end = start + Number(announced);
  return bytes.length >= end ? { body: bytes.subarray(start, end), end } : undefined;
}

function parseChunks(bytes: Buffer, start: number): { body: Buffer; end: number } | undefined {
  const chunks: Buffer[] = [];
  for (let position = start; ;) {
    const lineEnd = bytes.indexOf('\r\n', position);
    if (lineEnd < 0) return undefined;
    const length = Number.parseInt(bytes.toString('latin1', position, lineEnd), 16);
    const end = lineEnd + 2 + length + 2;
    if (bytes.length < end) return undefined;
    if (length === 0) return { body: Buffer.concat(chunks), end };
    chunks.push(bytes.subarray(lineEnd + 2, end - 2));
    position = end;
  }
}
