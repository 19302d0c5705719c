import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import type { ServerProcess } from '../../support/process.js';
import { TOKEN } from '../../support/server.js';

/** Who ends a request: its client or a kill in the midst of its body, or a kill when all of it is sent. */
export type Cut = 'client leaves' | 'killed in the body' | 'killed after the body';

/** Sends a request, or half of its body, with a token, and ends it so; resolves with what was answered before. */
export async function cutRequest(
  server: ServerProcess,
  { method, path, body }: { readonly method: string; readonly path: string; readonly body: string },
  cut: Cut,
  after: number,
): Promise<string> {
  const socket = connect(server.port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  const head = [
    `${method} ${path} HTTP/1.1`,
    'Host: x',
    `Authorization: Bearer ${TOKEN}`,
    `Content-Length: ${body.length}`,
  ];
  const sent = cut === 'killed after the body' ? body : body.slice(0, body.length / 2);
  socket.write(`${head.join('\r\n')}\r\n\r\n${sent}`);
  await delay(after);
  if (cut === 'client leaves') socket.resetAndDestroy();
  else await server.kill();
  socket.destroy();
  return answer;
}
