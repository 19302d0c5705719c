import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { TOKEN } from './server.js';
import { removeStored, storageEnvironment } from './storage.js';
import { until } from './until.js';

/** The tree whose build is run: this one, or one that a test of the tests has broken on purpose. */
export const PRODUCT = resolve(process.env['PRODUCT'] ?? '.');
export const MAIN = join(PRODUCT, 'dist/apps/release-server/src/main.js');
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
  /** The lines of everything that it has answered. They are written in batches: waits for the line of one more request. */
  logged(): Promise<string[]>;
  /** What it did and needs: file-system calls since it was last asked, open handles, resident bytes now and at most, microseconds of processor time, libraries. */
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
  /** Resolves with the exit code or the signal that ended it. */
  readonly exited: Promise<number | string>;
  isRunning(): boolean;
  readonly stop: () => Promise<void>;
  /** Ends it at once, with whatever it was started through. */
  readonly kill: () => Promise<void>;
}

export interface SpawnOptions {
  /** Another built program than the server itself. */
  readonly main?: string;
  /** A command that runs the server as its child, such as strace with its arguments. */
  readonly through?: readonly string[];
  /** A descriptor for its standard output, which then is not read here. */
  readonly stdout?: number;
  /** A descriptor for its standard error. */
  readonly stderr?: number;
}

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
  const child = spawn(process.execPath, [main], { env, timeout: 20_000 });
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

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Waits until a server answers there. */
async function answering(port: number): Promise<number> {
  await until(() =>
    fetch(`http://127.0.0.1:${port}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return port;
}

/** Starts `main.js` on a free port and waits until it listens. */
export async function spawnServer(
  storagePath: string,
  environment: Record<string, string> = {},
  { through = [], main = MAIN, stdout, stderr }: SpawnOptions = {},
): Promise<ServerProcess> {
  const product = [...NODE_FLAGS, '--disable-warning=ExperimentalWarning', '--import', INSPECT, main];
  const [first, ...rest] = through;
  const command = first ?? process.execPath;
  const parameters = first === undefined ? product : [...rest, process.execPath, ...product];
  const chosen = stdout === undefined ? 0 : await freePort();
  const child = spawn(command, parameters, {
    // A group of its own, to be killed together with what it runs through.
    detached: through.length > 0,
    env: {
      CONFIG_PATH: '/dev/null',
      HOST: '127.0.0.1',
      PORT: String(chosen),
      AUTH_TOKEN: TOKEN,
      MIN_FREE_SPACE: '0',
      ...storageEnvironment(storagePath),
      ...environment,
    },
    stdio: ['ignore', stdout ?? 'pipe', stderr ?? 'inherit', 'ipc'],
  });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const kill = async (): Promise<void> => {
    if (isRunning()) process.kill(through.length > 0 ? -(child.pid ?? 0) : (child.pid ?? 0), 'SIGKILL');
    await exited;
  };
  const portInLog = new Promise<number>((found, failed) => {
    const look = (): void => {
      const match = /listening on http:\/\/[^"\s]+:(\d+)/.exec(output);
      if (match === null) return;
      // Looking on through a log that grows would take longer than what is tested.
      child.stdout?.off('data', look);
      found(Number(match[1]));
    };
    child.stdout?.on('data', look);
    void exited.then((code) => failed(new Error(`the server ended with ${code}: ${output}`)));
  });
  const port = await Promise.race([portInLog, ...(chosen === 0 ? [] : [answering(chosen)])]);
  const ask = async <T>(question: string): Promise<T> => {
    const answer = once(child, 'message');
    child.send(question);
    const [report] = (await answer) as [T];
    return report;
  };
  const url = `http://127.0.0.1:${port}`;
  const lines = (): string[] => output.split('\n').filter((line) => line !== '');
  const server: ServerProcess = {
    url,
    port,
    child,
    lines,
    logged: async () => {
      const marker = `/${randomUUID()}`;
      await (await fetch(`${url}${marker}`)).text();
      await until(() => output.includes(marker));
      return lines();
    },
    inspect: () => ask('inspect'),
    live: () => ask('live'),
    exited,
    isRunning,
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
    kill,
  };
  running.add(server);
  void exited.finally(() => running.delete(server));
  return server;
}
