import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, utimes, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { get, json, names, put, sha256 } from '../support/client.js';
import { deadDigestLog, digestLines, takeDigestLines } from '../support/digests.js';
import type { ServerProcess } from '../support/process.js';
import { readAnswer } from '../support/raw.js';
import { until } from '../support/until.js';
import { row } from './support/row.js';
import { beginUpload, staged } from './support/upload.js';

const DRAIN = 3000;
const CLOCK = resolve('apps/release-server/test/faults/support/clock.mjs');

row(
  'K6',
  'SIGTERM with 10 uploads in flight, of which 5 finish and 5 stall',
  { rounds: { usual: 2, long: 100, of: 'rounds' } },
  async ({ server, directory, rounds, note }) => {
    let longest = 0;
    for (let round = 0; round < rounds; round++) {
      const own = join(directory, `${round}`);
      const victim = await server({ SHUTDOWN_TIMEOUT: `${DRAIN}ms` }, { directory: own });
      const uploads = Array.from({ length: 10 }, (_, index) => beginUpload(victim, `${index}.bin`));
      await until(async () => (await staged(own)).length === 10);
      const began = performance.now();
      const ended = victim.stop();
      await until(() => victim.lines().some((line) => line.includes('SIGTERM received')));
      const answers = uploads.map(async (socket) => (await readAnswer(socket, 4 * DRAIN)).status);
      await delay(DRAIN / 6);
      for (const socket of uploads.slice(0, 5)) socket.write('whole');
      await Promise.race([ended, delay(3 * DRAIN, undefined, { ref: false })]);
      longest = Math.max(longest, performance.now() - began);
      expect(victim.isRunning() ? 'still running' : await victim.exited).toBe(0);
      const statuses = await Promise.all(answers);
      expect(statuses.map((status) => (status === 201 ? 'stored' : 'cut off'))).toEqual([
        ...Array.from({ length: 5 }, () => 'stored'),
        ...Array.from({ length: 5 }, () => 'cut off'),
      ]);
      expect((await readdir(own)).filter((name) => !name.startsWith('.')).toSorted()).toEqual(
        Array.from({ length: 5 }, (_, index) => `${index}.bin`),
      );
      expect(await staged(own)).toEqual([]);
    }
    note(`ended within ${(longest / 1000).toFixed(1)} s of ${DRAIN / 1000} s`);
  },
);

row(
  'K7',
  '1,000 staged files of a dead process, corrupt metadata',
  { rounds: { usual: 1, long: 20, of: 'rounds' } },
  async ({ server, directory, rounds }) => {
    for (let round = 0; round < rounds; round++) {
      const own = join(directory, `${round}`);
      const incoming = join(own, '.release-server', 'incoming');
      const contents = new Map(
        Array.from({ length: 44 }, (_, index) => [`${index}.bin`, `content ${index}`]),
      );
      const dead = await server({}, { directory: own });
      for (const [name, content] of contents) await put(dead, name, content);
      beginUpload(dead, 'never.bin');
      await until(async () => (await staged(own)).length === 1);
      const [tag = ''] = (await staged(own))[0]?.split('~') ?? [];
      await until(async () => (await digestLines(own)).length === contents.size);
      await dead.kill();
      for (let index = 0; index < 1000; index++)
        await writeFile(join(incoming, `${tag}~${randomUUID()}`), 'half');
      const lines = await takeDigestLines(own);
      for (const [index, line] of lines.entries())
        await corrupt(index, deadDigestLog(own, index), line, lines[index + 1] ?? line);

      const living = await server({}, { directory: own });
      expect(await staged(own)).toEqual([]);
      await expectListed(living, contents);
      const upload = beginUpload(living, 'later.bin');
      await until(async () => (await staged(own)).length === 1);
      const neighbour = await server({}, { directory: own });
      // What a process that lives is receiving is not swept.
      upload.write('whole');
      expect((await readAnswer(upload, 1000)).status).toBe(201);
      await expectListed(neighbour, contents.set('later.bin', 'half whole'));
      await neighbour.stop();
      await living.stop();
    }
  },
);

row(
  'K8',
  'clock set back and forward, and files from the future, at a limit of 3',
  { rounds: { usual: 2, long: 50, of: 'rounds' } },
  async ({ server, directory, rounds }) => {
    const clock = join(directory, 'clock');
    const hour = 3_600_000;
    const shifts = [0, -24 * hour, 24 * hour, -1, 0, 365 * 24 * hour, -365 * 24 * hour, 0];
    for (let round = 0; round < rounds; round++) {
      const own = join(directory, `${round}`);
      await mkdir(own);
      // Files that were put here by hand and say that they are of tomorrow.
      for (const [index, name] of ['x.bin', 'y.bin', 'z.bin'].entries()) {
        await writeFile(join(own, name), name);
        const tomorrow = new Date(Date.now() + 24 * hour + index * 1000);
        await utimes(join(own, name), tomorrow, tomorrow);
      }
      await writeFile(clock, '0');
      const start = () =>
        server({ MAX_PACKAGES: '3', NODE_OPTIONS: `--import=${CLOCK}`, CLOCK: clock }, { directory: own });
      let victim = await start();
      const expected = await names(victim);
      expect(expected).toHaveLength(3);
      for (const [index, shift] of shifts.entries()) {
        // Written aside, so that it is never read half.
        await writeFile(`${clock}.next`, `${shift}`);
        await rename(`${clock}.next`, clock);
        for (const name of [`p${index}.bin`, `q${index}.bin`]) {
          expect((await put(victim, name, name)).status).toBe(201);
          expected.unshift(name);
          expected.pop();
          expect(await names(victim)).toEqual(expected);
        }
        if (index % 2 === 1) {
          await victim.stop();
          victim = await start();
          expect(await names(victim)).toEqual(expected);
        }
      }
      await victim.stop();
    }
  },
);

/** Spoils one entry of the cache of digests in one of many ways. */
async function corrupt(index: number, path: string, line: string, other: string): Promise<void> {
  const record = JSON.parse(line) as Record<string, string>;
  const wrong = 'f'.repeat(64);
  const spoiled = [
    '',
    line.slice(0, -20),
    line,
    'null\n',
    '[]\n',
    randomBytes(100),
    `${line.slice(0, -20)}${other}\n`,
    `${other}\n`,
    ...[
      { ...record, fingerprint: `1${record['fingerprint']}`, sha256: wrong },
      { ...record, name: 'other.bin', sha256: wrong },
      { ...record, sha256: 'no digest' },
      { ...record, sha256: 7 },
    ].map((one) => `${JSON.stringify(one)}\n`),
  ];
  const content = spoiled[index % (spoiled.length + 1)];
  await (content === undefined ? mkdir(path) : writeFile(path, content));
}

/** Waits until every digest is known, and holds the list against the contents by name. */
async function expectListed(server: ServerProcess, contents: ReadonlyMap<string, string>): Promise<void> {
  const list = async () =>
    json<{ name: string; sha256: string | null; size: number }[]>(await get(server, '/packages?format=json'));
  await until(async () => (await list()).every((one) => one.sha256 !== null));
  const listed = (await list()).map(({ name, sha256: digest, size }) => `${name} ${size} ${digest}`);
  const expected = [...contents].map(([name, content]) => `${name} ${content.length} ${sha256(content)}`);
  expect(listed.toSorted()).toEqual(expected.toSorted());
}
