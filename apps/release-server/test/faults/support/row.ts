import { appendFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { test } from '@jest/globals';

import { makeDirectory, spawnServer, type ServerProcess, type SpawnOptions } from '../../support/process.js';
import { TOKEN } from '../../support/server.js';
import { stagedIn } from '../../support/storage.js';
import { until } from '../../support/until.js';
import type { Need } from './tools.js';

const IS_LONG = process.env['FAULTS_ROUNDS'] === 'long';
/** Milliseconds before the end of a row's time at which it is given up, to tidy up after it. */
const GRACE = 10_000;
const REPORT = process.env['FAULTS_REPORT'];

/** How often a row does what it does: usually, and with `FAULTS_ROUNDS=long`, which are the goals. */
export interface RowOptions {
  readonly rounds: { readonly usual: number; readonly long: number; readonly of: string };
  /** What the machine must have; else the row is skipped and says why. */
  readonly needs?: readonly Need[];
  /** Milliseconds for all rounds. */
  readonly timeout?: { readonly usual: number; readonly long: number };
  /** It waits more than it works, and may do so while other such rows of its file wait. */
  readonly waits?: boolean;
}

/** What a row works with. */
export interface Row {
  readonly rounds: number;
  readonly isLong: boolean;
  /** An empty directory for packages, removed at the end. */
  readonly directory: string;
  /** Starts the product on that directory; what must hold after every row is checked of it at the end. */
  readonly server: (
    environment?: Record<string, string>,
    options?: SpawnOptions & { readonly directory?: string },
  ) => Promise<ServerProcess>;
  /** Says that a server may end in another way than by its `stop` or `kill`. */
  readonly mayEnd: (server: ServerProcess) => void;
  /** Adds a figure to the report. */
  readonly note: (figure: string) => void;
  /** Undoes something that the row has set up, when its servers have ended. */
  readonly atEnd: (undo: () => Promise<void>) => void;
}

/**
 * One row of the table in docs/reliability.md, as a test and as a line of the report. Whatever it does, at its end the
 * servers that it has not ended itself must live, hold no file more than at their start and have nothing staged, and
 * none may have logged the token.
 */
export function row(id: string, does: string, options: RowOptions, run: (row: Row) => Promise<void>): void {
  const rounds = IS_LONG ? options.rounds.long : options.rounds.usual;
  const figures: string[] = [`${rounds} ${options.rounds.of}`];
  const missing = (options.needs ?? []).map((need) => need()).find((reason) => reason !== undefined);
  const report = (result: 'passed' | 'failed' | 'skipped', seconds: number): void => {
    const line = { id, does, figures, result, seconds, reason: missing };
    if (REPORT !== undefined) appendFileSync(REPORT, `${JSON.stringify(line)}\n`);
  };
  if (missing !== undefined) {
    test(`${id} ${does} (skipped: ${missing})`, () => report('skipped', 0));
    return;
  }
  const timeout = options.timeout ?? { usual: 300_000, long: 3_600_000 };
  const timeoutNow = IS_LONG ? timeout.long : timeout.usual;
  const define = options.waits === true ? test.concurrent : test;
  define(
    `${id} ${does}`,
    async () => {
      const began = performance.now();
      const directory = await makeDirectory();
      const started: Started[] = [];
      const undoing: (() => Promise<void>)[] = [];
      let result: 'passed' | 'failed' = 'failed';
      try {
        const running = run({
          rounds,
          isLong: IS_LONG,
          directory: directory.path,
          server: async (environment, { directory: other = directory.path, ...spawning } = {}) => {
            const server = await spawnServer(other, environment, spawning);
            const one = {
              server,
              directory: other,
              handles: (await server.inspect()).handles,
              mayEnd: false,
            };
            started.push(one);
            const ending = (end: () => Promise<void>) => (): Promise<void> => {
              one.mayEnd = true;
              return end();
            };
            return Object.assign(server, { stop: ending(server.stop), kill: ending(server.kill) });
          },
          mayEnd: (server) => {
            for (const one of started) if (one.server === server) one.mayEnd = true;
          },
          note: (figure) => figures.push(figure),
          atEnd: (undo) => undoing.unshift(undo),
        });
        await Promise.race([running, tooLate(timeoutNow - GRACE)]);
        for (const one of started) await expectAftermath(one);
        result = 'passed';
      } finally {
        for (const { server } of started) await server.kill();
        for (const undo of undoing) await undo();
        await directory.remove();
        report(result, (performance.now() - began) / 1000);
      }
    },
    timeoutNow,
  );
}

/** Fails when a row hangs, before its runner gives it up: its servers are still to be ended. */
async function tooLate(milliseconds: number): Promise<never> {
  await delay(milliseconds, undefined, { ref: false });
  throw new Error(`not done after ${milliseconds / 1000} s`);
}

interface Started {
  readonly server: ServerProcess;
  readonly directory: string;
  /** Open files when it had started. */
  readonly handles: number;
  mayEnd: boolean;
}

async function expectAftermath({ server, directory, handles, mayEnd }: Started): Promise<void> {
  if (server.lines().some((line) => line.includes(TOKEN))) throw new Error('the log holds the token');
  if (!server.isRunning()) {
    if (!mayEnd) throw new Error(`the server ended by itself: ${server.lines().slice(-3).join('\n')}`);
    return;
  }
  await until(async () => (await stagedIn(directory)).length === 0).catch(async () => {
    throw new Error(`staged files are left: ${(await stagedIn(directory)).join(', ')}`);
  });
  await until(async () => (await server.inspect()).handles <= handles).catch(async () => {
    throw new Error(`${(await server.inspect()).handles} files are open, ${handles} were at the start`);
  });
}
