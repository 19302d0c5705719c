import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { TOKEN } from './server.js';

const MAIN = resolve('dist/apps/release-server/src/main.js');
/** As `npm start` and the image set them; docs/adr/0004 says why. */
const NODE_FLAGS = ['--max-semi-space-size=1'];
const INSPECT = resolve('apps/release-server/test/support/inspect.mjs');

/** One line of the log. */
export type LogLine = Record<string, unknown> & { level: string; message: string };

/** The built server as a process of its own. */
export interface ServerProcess {
  readonly url: string;
  readonly port: number;
  readonly child: ChildProcess;
  /** Everything on standard output so far, line by line. */
  lines(): string[];
  /** What it did and needs: file-system calls since it was last asked, open handles, resident bytes now and at most. */
  inspect(): Promise<{ calls: Record<string, number>; handles: number; memory: number; peak: number }>;
  /** Resolves with the exit code or the signal that ended it. */
  readonly exited: Promise<number | string>;
  stop(): Promise<void>;
}

/** A directory for packages and configuration, removed by the test that made it. */
export async function makeDirectory(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'release-server-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Runs `main.js` with this YAML and environment until it exits. */
export async function runToExit(
  yaml: string,
  environment: Record<string, string> = {},
): Promise<{ code: number | null; output: string }> {
  const directory = await makeDirectory();
  const path = join(directory.path, 'config.yaml');
  await writeFile(path, yaml);
  const child = spawn(process.execPath, [MAIN], { env: { CONFIG_PATH: path, ...environment } });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'exit')) as [number | null];
  await directory.remove();
  return { code, output };
}

const running = new Set<ChildProcess>();

/** Kills the servers that a failed test left behind, which would keep its runner alive. */
export async function killServers(): Promise<void> {
  for (const child of running) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

/** Starts `main.js` on a free port and waits until it listens. */
export async function spawnServer(
  storagePath: string,
  environment: Record<string, string> = {},
): Promise<ServerProcess> {
  const child = spawn(process.execPath, [...NODE_FLAGS, '--import', INSPECT, MAIN], {
    env: {
      CONFIG_PATH: '/dev/null',
      HOST: '127.0.0.1',
      PORT: '0',
      AUTH_TOKEN: TOKEN,
      MIN_FREE_SPACE: '0',
      STORAGE_PATH: storagePath,
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  const port = await new Promise<number>((found, failed) => {
    child.stdout?.on('data', () => {
      const match = /listening on http:\/\/[^"\s]+:(\d+)/.exec(output);
      if (match !== null) found(Number(match[1]));
    });
    void exited.then((code) => failed(new Error(`the server ended with ${code}: ${output}`)));
  });
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    child,
    lines: () => output.split('\n').filter((line) => line !== ''),
    inspect: async () => {
      const answer = once(child, 'message');
      child.send('inspect');
      const [report] = (await answer) as [Awaited<ReturnType<ServerProcess['inspect']>>];
      return report;
    },
    exited,
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
