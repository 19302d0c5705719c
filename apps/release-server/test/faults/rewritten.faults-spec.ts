import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { get, put, sha256 } from '../support/client.js';
import type { ServerProcess } from '../support/process.js';
import { until } from '../support/until.js';
import { row } from './support/row.js';

/** Below and above what the server keeps in memory. */
const SIZES = [1000, 300_000];

/** Ways to put other bytes of the same size and mtime in the place of a file. */
const WAYS: Record<string, (draft: string, file: string) => void | Promise<void>> = {
  'cp -p': (draft, file) => void execFileSync('cp', ['-p', draft, file]),
  'rsync --inplace': (draft, file) => {
    execFileSync('dd', [`if=${draft}`, `of=${file}`, 'conv=notrunc', 'bs=64k', 'status=none']);
    execFileSync('touch', ['-r', draft, file]);
  },
  rename: (draft, file) => rename(draft, file),
};

row(
  'X7',
  'files rewritten with other bytes of equal size and mtime, in place and by rename, while a server runs and while none does',
  { rounds: { usual: 2, long: 100, of: 'rounds' } },
  async ({ server, directory, rounds, note }) => {
    let one = await server();
    let honest = 0;
    for (let round = 0; round < rounds; round++) {
      for (const size of SIZES) {
        for (const [way, rewrite] of Object.entries(WAYS)) {
          const name = `${round}-${size}.bin`;
          const path = join(directory, name);
          const [first, second, third] = [randomBytes(size), randomBytes(size), randomBytes(size)];
          const versions = [first, second, third];
          expect((await put(one, name, first, { query: '?overwrite=true' })).ok).toBe(true);
          expect(await look(one, name, versions)).toBe(sha256(first));

          await rewrite(await draftOf(directory, second, path), path);
          await until(async () => {
            const digest = await look(one, name, versions);
            honest += 1;
            return digest === sha256(second);
          });

          await one.stop();
          await rewrite(await draftOf(directory, third, path), path);
          one = await server();
          await until(async () => (await look(one, name, versions)) === sha256(third)).catch(() => {
            throw new Error(`${way}: a rewritten file has no digest`);
          });
        }
      }
    }
    note(`${honest} answers while files were rewritten`);
  },
);

async function draftOf(directory: string, content: Buffer, like: string): Promise<string> {
  const draft = join(directory, '.draft');
  await writeFile(draft, content);
  execFileSync('touch', ['-r', like, draft]);
  return draft;
}

/** Fetches a package, holds what the answer says of its bytes against them, and returns their digest if it said it. */
async function look(
  server: ServerProcess,
  name: string,
  versions: readonly Buffer[],
): Promise<string | undefined> {
  const answer = await get(server, `/assets/${name}`);
  if (answer.status === 404) return undefined;
  expect(answer.status).toBe(200);
  const body = Buffer.from(await answer.arrayBuffer());
  const digest = sha256(body);
  const [, said] = /^"sha256:([0-9a-f]{64})"$/.exec(answer.headers.get('etag') ?? '') ?? [];
  if (said === undefined) return undefined;
  expect(`${said} for ${digest}`).toBe(`${digest} for ${digest}`);
  expect(answer.headers.get('repr-digest')).toBe(
    `sha-256=:${Buffer.from(digest, 'hex').toString('base64')}:`,
  );
  expect(versions.some((version) => version.equals(body))).toBe(true);
  return digest;
}
