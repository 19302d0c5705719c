import { join, resolve } from 'node:path';

import { names } from '../support/client.js';
import { PRODUCT } from '../support/built-server.js';
import type { LogLine } from '../support/process.js';
import { rawRequest } from '../support/raw.js';
import { row } from './support/row.js';
import { form, requestBytes, type Message } from './support/wire.js';

const MAIN = resolve('apps/release-server/test/faults/support/odd-verifier.mjs');

const NOBODY =
  'undefined null false zero one empty text object empty-name blank-name number-name rows function'.split(
    ' ',
  );
const CANNOT_TELL = ['error', 'throws', 'throws-nothing', 'rejects'];
const NO_ANSWER = ['hangs', 'rejects-late'];
/** Milliseconds in which a verifier that does not answer is given up, with time to spare. */
const PATIENCE = 25_000;

row(
  'X10',
  'a verifier that answers null, 0, {} and the like, throws, or does not answer',
  { rounds: { usual: 1, long: 20, of: 'rounds' } },
  async ({ server: start, rounds }) => {
    const server = await start(
      { AUTH_TOKEN: '', SERVER: join(PRODUCT, 'dist/apps/release-server/src/index.js') },
      { main: MAIN },
    );
    /** The status of one write with this token; 0 where none came. */
    const write = async (token: string, request: string, message: Message = {}): Promise<number> => {
      const headers = ['Connection: close', `Authorization: Bearer ${token}`, ...(message.headers ?? [])];
      return (await rawRequest(server.port, requestBytes(request, { ...message, headers }), PATIENCE)).status;
    };
    const writes = async (token: string): Promise<string> => {
      const statuses = await Promise.all([
        write(token, 'PUT /assets/a.zip', { body: 'x' }),
        write(token, 'POST /upload', form('name="file"; filename="a.zip"')),
        write(token, 'DELETE /assets/a.zip'),
      ]);
      return `${token}: ${statuses.join(' ')}`;
    };
    for (let round = 0; round < rounds; round++) {
      for (const token of NOBODY) expect(await writes(token)).toBe(`${token}: 401 401 401`);
      for (const token of CANNOT_TELL) expect(await writes(token)).toBe(`${token}: 503 503 503`);
      const silent = NO_ANSWER.map((token) => `${token}: 503 503 503`);
      expect(await Promise.all(NO_ANSWER.map(writes))).toEqual(silent);
      expect(await names(server)).toEqual([]);
    }
    expect(await write('anna', 'PUT /assets/anna.zip', { body: 'x' })).toBe(201);
    expect(await write('split', 'PUT /assets/split.zip', { body: 'x' })).toBe(201);

    const lines = await server.logged();
    const actors = lines
      .map((line) => JSON.parse(line) as LogLine)
      .flatMap(({ event, actor }) => (event === 'package.published' ? [actor] : []));
    expect(actors).toEqual(['anna', 'anna\\u{a}{"level":"INFO"}\\u{1b}[2J']);
    expect(lines.filter((line) => line.includes('for the token throws'))).toEqual([]);
  },
);
