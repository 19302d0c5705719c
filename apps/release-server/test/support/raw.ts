import { once } from 'node:events';
import type { Socket } from 'node:net';

import { connectTo } from './tls.js';

/** What came back on a raw connection. */
export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
  /** Everything, for answers of several requests. */
  readonly text: string;
}

/** Sends bytes as they are, which HTTP clients would refuse to, and reads until the server closes or falls silent. */
export async function rawRequest(
  port: number,
  bytes: string | Buffer,
  quiet = 300,
  localAddress?: string,
): Promise<RawAnswer> {
  const socket = connectTo(port, localAddress);
  await once(socket, 'connect');
  socket.write(bytes);
  return readAnswer(socket, quiet);
}

/** Reads what comes until the server closes, or sends nothing for `quiet` milliseconds. */
export async function readAnswer(socket: Socket, quiet: number): Promise<RawAnswer> {
  const chunks: Buffer[] = [];
  await new Promise<void>((resolve) => {
    let timer = setTimeout(resolve, Math.max(quiet, 3000));
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      clearTimeout(timer);
      timer = setTimeout(resolve, quiet);
    });
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.on('error', () => undefined);
  });
  socket.destroy();
  const text = Buffer.concat(chunks).toString('latin1');
  const [head = '', ...rest] = text.split('\r\n\r\n');
  return { status: Number(head.split(' ')[1] ?? 0), head, body: rest.join('\r\n\r\n'), text };
}
