// Also imported by scripts that Node runs as they are: nothing here that it could not strip.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Characters of a log that are kept at most, and half of that at least: a string cannot be longer than 2^29 - 24. */
const MAX_OUTPUT = 2 ** 28;

/** The tree whose build is run: this one, or one that a test of the tests has broken on purpose. */
export const PRODUCT = resolve(process.env['PRODUCT'] ?? '.');
export const MAIN = join(PRODUCT, 'dist/server/main.js');
/** As `npm start` and the image set them; docs/adr/0004 says why. */
const NODE_FLAGS = ['--max-semi-space-size=8', '--heap-growing-percent=25'];

/** The built server as a process of its own. */
export interface BuiltServer {
  readonly url: string;
  readonly port: number;
  readonly child: ChildProcess;
  /** Everything on standard output so far. */
  readonly output: () => string;
  /** Resolves with the exit code or the signal that ended it. */
  readonly exited: Promise<number | string>;
  readonly stop: () => Promise<void>;
}

export interface StartOptions {
  /** Another built program than the server itself. */
  readonly main?: string;
  readonly nodeOptions?: readonly string[];
  /** A command that runs the server as its child, such as strace with its arguments. */
  readonly through?: readonly string[];
  /** A descriptor for its standard output, which then is not read here. */
  readonly stdout?: number;
  /** A descriptor for its standard error. */
  readonly stderr?: number;
}

/** Starts the build with this environment, on a free port of loopback, and waits until it listens. */
export async function startBuilt(
  environment: Record<string, string>,
  { main = MAIN, nodeOptions = [], through = [], stdout, stderr }: StartOptions = {},
): Promise<BuiltServer> {
  const product = [process.execPath, ...NODE_FLAGS, ...nodeOptions, main];
  const [command = '', ...parameters] = [...through, ...product];
  const chosen = stdout === undefined ? 0 : await freePort();
  const child = spawn(command, parameters, {
    // A group of its own, to be killed together with what it runs through.
    detached: through.length > 0,
    env: { CONFIG_PATH: '/dev/null', HOST: '127.0.0.1', PORT: String(chosen), ...environment },
    stdio: ['ignore', stdout ?? 'pipe', stderr ?? 'inherit', 'ipc'],
  });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if (output.length > MAX_OUTPUT) output = output.slice(-MAX_OUTPUT / 2);
  });
  const exited = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  const portInLog = new Promise<number>((found, failed) => {
    const look = (): void => {
      const match = /listening on https?:\/\/[^"\s]+:(\d+)/.exec(output);
      if (match === null) return;
      // Looking on through a log that grows would take longer than what is tested.
      child.stdout?.off('data', look);
      found(Number(match[1]));
    };
    child.stdout?.on('data', look);
    void exited.then((code) => failed(new Error(`the server ended with ${code}: ${output}`)));
  });
  const port = await Promise.race([portInLog, ...(chosen === 0 ? [] : [answering(chosen)])]);
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exited;
  };
  const scheme = environment['TLS_CERT_FILE'] === undefined ? 'http' : 'https';
  return { url: `${scheme}://127.0.0.1:${port}`, port, child, output: () => output, exited, stop };
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
  for (const end = Date.now() + 60_000; ; await delay(20)) {
    const isUp = await fetch(`http://127.0.0.1:${port}/healthz`)
      .then(({ ok }) => ok)
      .catch(() => false);
    if (isUp) return port;
    if (Date.now() > end) throw new Error('the server did not answer within a minute');
  }
}
