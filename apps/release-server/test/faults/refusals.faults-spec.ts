import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { names } from '../support/client.js';
import { TOKEN } from '../support/server.js';
import { row } from './support/row.js';
import { formAround } from './support/transfers.js';

const AUTHORIZED = `Host: x\r\nAuthorization: Bearer ${TOKEN}\r\n`;

/** What goes over the limit and then stalls, or goes on. */
function overLimit(limit: number): { readonly kind: string; readonly head: string; readonly body: string }[] {
  const { head, type } = formAround('n');
  const over = 'x'.repeat(limit + 1);
  const put = `PUT /assets/n HTTP/1.1\r\n${AUTHORIZED}`;
  const post = `POST /upload HTTP/1.1\r\n${AUTHORIZED}Content-Type: ${type}\r\n`;
  const length = `Content-Length: ${limit * 1000}\r\n\r\n`;
  const chunked = 'Transfer-Encoding: chunked\r\n\r\n';
  const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
  return [
    { kind: 'raw', head: put + length, body: over },
    { kind: 'raw, in chunks', head: put + chunked, body: chunk(over) },
    { kind: 'form', head: post + length, body: head + over },
    { kind: 'form, in chunks', head: post + chunked, body: chunk(head + over) },
  ];
}

row(
  'R3',
  'uploads over the limit that stall, or go on for ever: 413 at once, the connection dropped within 5 s',
  { rounds: { usual: 2, long: 50, of: 'rounds' } },
  async ({ server, rounds, note }) => {
    const limit = 100_000;
    const one = await server({ MAX_UPLOAD_SIZE: `${limit}` });
    let latest = 0;
    for (let round = 0; round < rounds; round++) {
      const refused = overLimit(limit).flatMap(({ kind, head, body }) =>
        [false, true].map(async (goesOn) => {
          const { answered, closed, status } = await sendOver(one.port, head + body, goesOn ? body : '');
          expect(`${kind}: ${status}`).toBe(`${kind}: 413`);
          expect(answered).toBeLessThan(2);
          latest = Math.max(latest, closed);
        }),
      );
      await Promise.all(refused);
    }
    note(`dropped after ${latest.toFixed(1)} s at the latest`);
    expect(latest).toBeLessThan(5);
    expect(await names(one)).toEqual([]);
  },
);

/** Sends, and goes on with `more` for as long as it is taken; seconds to the answer and to the end. */
async function sendOver(
  port: number,
  bytes: string,
  more: string,
): Promise<{ status: string; answered: number; closed: number }> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const began = performance.now();
  const seconds = (): number => (performance.now() - began) / 1000;
  let status = 'no answer';
  let answered = Infinity;
  socket.on('error', () => undefined);
  socket.once('data', (chunk: Buffer) => {
    status = chunk.toString('latin1', 9, 12);
    answered = seconds();
  });
  const ended = new Promise<void>((resolve) => socket.once('end', resolve).once('close', () => resolve()));
  socket.resume().write(bytes);
  if (more !== '') socket.on('drain', () => socket.write(more)).write(more);
  await Promise.race([ended, delay(10_000, undefined, { ref: false })]);
  socket.destroy();
  return { status, answered, closed: seconds() };
}
