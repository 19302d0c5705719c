// Also imported by scripts that Node runs as they are: nothing here that it could not strip.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, constants, mkdir, rm, writeFile } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';

import type { Source } from './clients.js';

const run = promisify(execFile);
const LOG_BYTES = 64 * 1024 * 1024;

/** Why a client is not there. */
export class Missing extends Error {}

/** `$CLIENTS_CACHE`, or a directory in the cache of the user. */
export function cacheDirectory(): string {
  const { CLIENTS_CACHE: chosen = '', XDG_CACHE_HOME: cache, HOME: home = '' } = process.env;
  return chosen === '' ? join(cache ?? join(home, '.cache'), 'release-server', 'clients') : resolve(chosen);
}

/** Finds or installs a client and returns its place; throws `Missing` where it cannot. @param quick - Builds no large one. */
export async function install(name: string, source: Source, quick: boolean): Promise<string> {
  switch (source.by) {
    case 'machine':
      return commandOf(process.env[source.variable] ?? source.command, source.variable);
    case 'environment':
      return valueOf(source.variable, source.what);
    case 'npm':
      return once(name, source, async (directory) => {
        const options = ['--no-audit', '--no-fund', '--ignore-scripts'];
        await call('npm', ['install', '--prefix', directory, ...options, ...source.packages]);
      });
    case 'pip':
      return once(name, source, (directory) => pipInstall(directory, source.packages));
    case 'pip of environment': {
      const packages = [valueOf(source.variable, source.what)];
      return once(name, { ...source, packages }, (directory) => pipInstall(directory, packages));
    }
    case 'go':
      return once(
        name,
        source,
        (directory) => {
          const flags = ['-trimpath', '-ldflags=-s -w'];
          return call('go', ['install', ...flags, source.module], { GOBIN: directory, CGO_ENABLED: '0' });
        },
        quick,
      );
    case 'go program': {
      const directory = join(cacheDirectory(), name);
      await call('go', ['build', '-C', resolve(source.directory), '-o', join(directory, name)]);
      return directory;
    }
    case 'cargo':
      return once(
        name,
        source,
        (directory) => {
          const options = ['--locked', '--version', source.version, '--root', directory];
          return call('cargo', ['install', ...options, source.crate]);
        },
        quick,
      );
  }
}

/** Installs into a directory for exactly this source, unless that was done. */
async function once(
  name: string,
  source: object,
  into: (directory: string) => Promise<void>,
  onlyIfDone = false,
): Promise<string> {
  const key = createHash('sha256').update(JSON.stringify(source)).digest('hex').slice(0, 8);
  const directory = join(cacheDirectory(), `${name}-${key}`);
  const stamp = join(directory, '.installed');
  if (await exists(stamp)) return directory;
  if (onlyIfDone) throw new Missing('it would be built, which takes minutes: not with --quick');
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await into(directory);
  await writeFile(stamp, '');
  return directory;
}

async function pipInstall(directory: string, packages: readonly string[]): Promise<void> {
  await call('python3', ['-m', 'venv', directory]);
  await call(join(directory, 'bin', 'pip'), [
    'install',
    '--disable-pip-version-check',
    '--quiet',
    ...packages,
  ]);
}

/** Runs an installer; the first error that it says is why it failed. */
async function call(command: string, parameters: string[], environment = {}): Promise<void> {
  const env = { ...process.env, ...environment };
  await run(command, parameters, { env, maxBuffer: LOG_BYTES }).catch((error: unknown) => {
    const { code, stderr = '' } = error as { code: unknown; stderr?: string };
    if (code === 'ENOENT') throw new Missing(`there is no ${command}`);
    const lines = stderr.trim().split('\n');
    throw new Missing(`${command}: ${lines.find((line) => /error/i.test(line)) ?? lines.at(-1)}`);
  });
}

async function commandOf(command: string, variable: string): Promise<string> {
  const candidates = command.includes('/')
    ? [resolve(command)]
    : (process.env['PATH'] ?? '').split(delimiter).map((directory) => join(directory, command));
  for (const file of candidates) if (await exists(file, constants.X_OK)) return file;
  throw new Missing(`there is no ${command}, and ${variable} names none`);
}

function valueOf(variable: string, what: string): string {
  const value = process.env[variable] ?? '';
  if (value === '') throw new Missing(`${variable} does not name ${what}`);
  return value;
}

async function exists(file: string, mode = constants.F_OK): Promise<boolean> {
  return access(file, mode).then(
    () => true,
    () => false,
  );
}
