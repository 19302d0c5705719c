import { connect, type Socket } from 'node:net';

import type { ServerProcess } from '../../support/process.js';
import { TOKEN } from '../../support/server.js';

export { stagedIn as staged } from '../../support/storage.js';

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
