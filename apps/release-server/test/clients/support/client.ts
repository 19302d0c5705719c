import { execFile } from 'node:child_process';
import { join } from 'node:path';

import { PLACES_VARIABLE, type ClientName, type Places } from './clients.js';

const places = JSON.parse(process.env[PLACES_VARIABLE] ?? '{}') as Places;
const MAX_OUTPUT = 64 * 1024 * 1024;

export interface RunOptions {
  readonly cwd?: string;
  /** Nothing else is in the environment but `PATH`. */
  readonly env?: Record<string, string>;
  readonly input?: string;
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The tests of a client; skipped where it is not installed. `place` is its command, or the directory that has it. */
export function describeClient(name: ClientName, tests: (place: string) => void): void {
  const place = places[name];
  if (place === undefined) describe.skip(name, () => it('is not installed', () => undefined));
  else describe(name, () => tests(place));
}

/** Runs a command; whatever its exit code is. */
export async function attempt(
  command: string,
  parameters: readonly string[],
  { cwd = process.cwd(), env = {}, input = '' }: RunOptions = {},
): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { cwd, env: { PATH: process.env['PATH'] ?? '', ...env }, maxBuffer: MAX_OUTPUT };
    const child = execFile(command, parameters, options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
    });
    child.stdin?.on('error', () => undefined).end(input);
  });
}

/** Runs a command and returns what it printed; throws everything that it said where it failed. */
export async function run(
  command: string,
  parameters: readonly string[],
  options?: RunOptions,
): Promise<string> {
  const { code, stdout, stderr } = await attempt(command, parameters, options);
  if (code === 0) return stdout;
  throw new Error(`${command} ${parameters.join(' ')} ended with ${code}:\n${stdout}\n${stderr}`);
}

/** Runs a module of `programs` with the packages of that directory, and returns the JSON that it printed. */
export async function runModule(
  directory: string,
  text: string,
  parameters: readonly string[],
  env: Record<string, string> = {},
): Promise<unknown> {
  const command = ['--input-type=module', '-', ...parameters];
  return JSON.parse(await run(process.execPath, command, { cwd: directory, env, input: text }));
}

/** Where the command of a package lies. */
export function npmCommand(place: string, name: string): string {
  return join(place, 'node_modules', '.bin', name);
}
