import { spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { get, names, put } from '../support/client.js';
import type { LogLine, ServerProcess } from '../support/process.js';
import { until } from '../support/until.js';
import { mounting, mountTmpfs } from './support/mounts.js';
import { row } from './support/row.js';

const MIB = 1024 * 1024;
/** The most that a log that is not taken may add to a server's memory: what waits, as text and as bytes, and garbage. */
const MOST_ADDED = 40 * MIB;
const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/** A pipe that nobody reads, or that nobody can read any more. */
async function pipe(path: string, reader: 'silent' | 'gone'): Promise<{ fd: number; close: () => void }> {
  await new Promise((made) => spawn('mkfifo', [path]).once('exit', made));
  const reading = openSync(path, O_RDONLY | O_NONBLOCK);
  const fd = openSync(path, O_WRONLY);
  if (reader === 'gone') closeSync(reading);
  return {
    fd,
    close: () => {
      closeSync(fd);
      if (reader === 'silent') closeSync(reading);
    },
  };
}

/** Requests with long lines in the log, then writes; all are answered as ever. */
async function work(server: ServerProcess, requests: number): Promise<void> {
  for (let sent = 0; sent < requests; sent += 50) {
    const paths = Array.from({ length: 50 }, (_, index) => `/${sent + index}-`.padEnd(4000, 'x'));
    const answers = await Promise.all(paths.map((path) => get(server, path)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404]));
  }
  expect((await put(server, 'a.zip', 'content', { query: '?overwrite=true' })).ok).toBe(true);
  expect(await names(server)).toEqual(['a.zip']);
}

async function expectEnd(what: string, server: ServerProcess): Promise<void> {
  server.child.kill('SIGTERM');
  const late = new Promise<string>((resolve) => {
    setTimeout(resolve, 20_000, 'late').unref();
  });
  expect(`${what}: ${await Promise.race([server.exited, late])}`).toBe(`${what}: 0`);
}

row(
  'X9',
  'standard output full, closed or not read, standard error as well; a full disk of the log that gets room again',
  { rounds: { usual: 1, long: 20, of: 'rounds' }, needs: [mounting] },
  async ({ server: start, rounds, directory, atEnd, mayEnd, note }) => {
    const disk = await mountTmpfs('16m');
    atEnd(disk.remove);
    let most = 0;
    for (let round = 0; round < rounds; round++) {
      const silent = await pipe(join(directory, `.silent-${round}`), 'silent');
      const gone = await pipe(join(directory, `.gone-${round}`), 'gone');
      const full = openSync('/dev/full', 'a');
      const places = [
        ['full', full],
        ['closed', gone.fd],
        ['not read', silent.fd],
      ] as const;
      for (const [what, fd] of places) {
        const server = await start({ LOG_LEVEL: 'trace' }, { stdout: fd, stderr: fd });
        mayEnd(server);
        await work(server, 200);
        const { memory } = await server.inspect();
        await work(server, 3000);
        most = Math.max(most, (await server.inspect()).memory - memory);
        await expectEnd(what, server);
      }
      for (const { close } of [silent, gone]) close();
      closeSync(full);

      const path = join(disk.path, `log-${round}`);
      const log = openSync(path, 'a');
      const server = await start({}, { stdout: log, stderr: log });
      mayEnd(server);
      closeSync(log);
      const lines = async (): Promise<LogLine[]> =>
        (await readFile(path, 'utf8'))
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line) as LogLine);
      const filler = join(disk.path, 'filler');
      await writeFile(filler, Buffer.alloc(20 * MIB)).catch(() => undefined);
      await work(server, 2000);
      await rm(filler);
      await until(async () => (await lines()).some(({ event }) => event === 'log.dropped'));
      const told = (await lines()).filter(
        ({ event, status }) => event === 'log.dropped' || status !== undefined,
      );
      const dropped = Number(told.find(({ event }) => event === 'log.dropped')?.['lines']);
      // One line a request, and the one of the publish is dropped.
      expect(told.length - 1 + dropped).toBe(2000 + 3);
      await expectEnd('full disk', server);
      expect((await lines()).some(({ message }) => message.includes('SIGTERM received'))).toBe(true);
      await rm(path);
    }
    note(`${Math.round(most / MIB)} MiB more while the log is not taken`);
    expect(most).toBeLessThan(MOST_ADDED);
  },
);
