import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

import type { ServerProcess } from '../../support/process.js';
import { until } from '../../support/until.js';

/** Makes file-system calls follow one another in one thread, so that the k-th is the same one every time. */
export const ONE_THREAD = { UV_THREADPOOL_SIZE: '1' };

/** strace on a server that runs. */
export interface Trace {
  /** Lets the server go on untraced. */
  detach(): Promise<void>;
}

/** Which threads are traced: all, that of JavaScript, or the one of {@link ONE_THREAD}. */
export type Thread = 'all' | 'main' | 'pool';

/**
 * Attaches strace with these expressions (`-e`), such as `inject=fsync:error=EIO:when=2`; counts begin here, one for each
 * thread.
 */
export async function attach(
  server: ServerProcess,
  expressions: readonly string[],
  output = '/dev/null',
  thread: Thread = 'all',
): Promise<Trace> {
  const options = expressions.flatMap((expression) => ['-e', expression]);
  const { pid } = server.child;
  const traced = thread === 'pool' ? await threadNamed('libuv-worker', pid) : `${pid}`;
  const parameters = [...(thread === 'all' ? ['-f'] : []), '-y', '-o', output, ...options, '-p', traced];
  const child = spawn('strace', parameters, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit');
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until(() => said.includes(' attached') || child.exitCode !== null);
  if (child.exitCode !== null) throw new Error(`strace does not attach: ${said}`);
  // Each thread still has to stop once before its calls are seen.
  await delay(100);
  return {
    detach: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function threadNamed(name: string, pid: number | undefined): Promise<string> {
  const threads = await readdir(`/proc/${pid}/task`);
  for (const thread of threads) {
    if ((await readFile(`/proc/${pid}/task/${thread}/comm`, 'utf8')).trim() === name) return thread;
  }
  throw new Error(`the server has no thread ${name}`);
}

/** One call in a file written by strace, with the lines at which it began and returned. */
interface Call {
  readonly text: string;
  readonly began: number;
  ended: number;
}

/**
 * Which of the calls, told by patterns of what strace says of them, came in which order, as in
 * `fsync(file) < link`; a `~` stands between two of which the second began before the first had returned.
 */
export async function orderOf(output: string, patterns: Readonly<Record<string, RegExp>>): Promise<string> {
  const calls = parse(await readFile(output, 'utf8'));
  const found = Object.entries(patterns).flatMap(([label, pattern]) => {
    const call = calls.find(({ text }) => pattern.test(text));
    return call === undefined ? [] : [{ label, call }];
  });
  const sorted = found.toSorted((a, b) => a.call.began - b.call.began);
  return sorted.reduce((order, { label, call }, index) => {
    const previous = sorted[index - 1]?.call;
    if (previous === undefined) return label;
    return `${order} ${previous.ended < call.began ? '<' : '~'} ${label}`;
  }, '');
}

/** The kinds of calls in a file written by strace. */
export async function callsIn(output: string): Promise<string[]> {
  const calls = parse(await readFile(output, 'utf8'));
  return [...new Set(calls.flatMap(({ text }) => /^(\w+)\(/.exec(text)?.[1] ?? []))];
}

function parse(text: string): Call[] {
  const calls: Call[] = [];
  const unfinished = new Map<string, Call>();
  for (const [index, line] of text.split('\n').entries()) {
    const [, thread = '', rest = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    const resumed = rest.startsWith('<... ') ? unfinished.get(thread) : undefined;
    if (resumed !== undefined) {
      resumed.ended = index;
      continue;
    }
    const call = { text: rest, began: index, ended: index };
    calls.push(call);
    if (rest.endsWith('<unfinished ...>')) unfinished.set(thread, call);
  }
  return calls;
}
