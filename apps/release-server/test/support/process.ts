import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { MAIN, startBuilt, type BuiltServer, type StartOptions } from './built-server.js';
import { TOKEN } from './server.js';
import { removeStored, storageEnvironment } from './storage.js';
import { tlsEnvironment } from './tls.js';
import { until } from './until.js';

const INSPECT = resolve('apps/release-server/test/support/inspect.mjs');

/** One line of the log. */
export type LogLine = Record<string, unknown> & { level: string; message: string };

/** The built server as a process of its own. */
export interface ServerProcess extends BuiltServer {
  /** Everything on standard output so far, line by line. */
  lines(): string[];
  /** The lines of everything that it has answered. They are written in batches: waits for the line of one more request. */
  logged(): Promise<string[]>;
  /** What it did and needs: file-system calls since it was last asked, open handles but for the log of digests, resident bytes now and at most, microseconds of processor time, libraries. */
  inspect(): Promise<{
    calls: Record<string, number>;
    handles: number;
    memory: number;
    cpu: number;
    peak: number;
    libraries: string[];
  }>;
  /** What is left after a collection: bytes of its heap and buffers, and responses that something still refers to. */
  live(): Promise<{ bytes: number; responses: number }>;
  isRunning(): boolean;
  /** Ends it at once, with whatever it was started through. */
  readonly kill: () => Promise<void>;
}

export type SpawnOptions = Omit<StartOptions, 'nodeOptions'>;

/** A directory for packages and configuration, removed with what is stored by the test that made it. */
export async function makeDirectory(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'release-server-'));
  const remove = async (): Promise<void> => {
    await removeStored(path);
    await rm(path, { recursive: true, force: true });
  };
  return { path, remove };
}

/** Runs `main.js` with this YAML and environment until it exits; a server that did start is ended after 20 s. */
export async function runToExit(
  yaml: string,
  environment: Record<string, string> = {},
  main = MAIN,
): Promise<{ code: number | null; output: string }> {
  const directory = await makeDirectory();
  const path = join(directory.path, 'config.yaml');
  await writeFile(path, yaml);
  const env = { CONFIG_PATH: path, ...environment };
  const child = spawn(process.execPath, [main], { env, timeout: 60_000 });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'exit')) as [number | null];
  await directory.remove();
  return { code, output };
}

const running = new Set<ServerProcess>();

/** Kills the servers that a failed test left behind, which would keep its runner alive. */
export async function killServers(): Promise<void> {
  for (const server of running) await server.kill();
}

/** Starts `main.js` on a free port and waits until it listens. */
export async function spawnServer(
  storagePath: string,
  environment: Record<string, string> = {},
  options: SpawnOptions = {},
): Promise<ServerProcess> {
  const built = await startBuilt(
    {
      AUTH_TOKEN: TOKEN,
      MIN_FREE_SPACE: '0',
      ...storageEnvironment(storagePath),
      ...tlsEnvironment(),
      ...environment,
    },
    { ...options, nodeOptions: ['--disable-warning=ExperimentalWarning', '--import', INSPECT] },
  );
  const { child, exited, output, url } = built;
  const isGroup = (options.through ?? []).length > 0;
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const kill = async (): Promise<void> => {
    if (isRunning()) process.kill((child.pid ?? 0) * (isGroup ? -1 : 1), 'SIGKILL');
    await exited;
  };
  const ask = async <T>(question: string): Promise<T> => {
    const answer = once(child, 'message');
    child.send(question);
    const [report] = (await answer) as [T];
    return report;
  };
  const lines = (): string[] =>
    output()
      .split('\n')
      .filter((line) => line !== '');
  const server: ServerProcess = {
    ...built,
    lines,
    logged: async () => {
      const marker = `/${randomUUID()}`;
      await (await fetch(`${url}${marker}`)).text();
      await until(() => output().includes(marker));
      return lines();
    },
    inspect: () => ask('inspect'),
    live: () => ask('live'),
    isRunning,
    kill,
  };
  running.add(server);
  void exited.finally(() => running.delete(server));
  return server;
}
