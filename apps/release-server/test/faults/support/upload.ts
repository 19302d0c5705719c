import { readdir } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';

import type { ServerProcess } from '../../support/process.js';
import { TOKEN } from '../../support/server.js';

/** Begins an upload of 10 bytes and sends `half `; `whole` is to follow. */
export function beginUpload({ port }: ServerProcess, name: string): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  const head = [
    `PUT /assets/${name} HTTP/1.1`,
    'Host: x',
    `Authorization: Bearer ${TOKEN}`,
    'Content-Length: 10',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\nhalf `);
  return socket;
}

/** The files that are being received into a directory of packages. */
export async function staged(directory: string): Promise<string[]> {
  return readdir(join(directory, '.release-server', 'incoming'));
}
