import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';

import { MAIN, PRODUCT } from './built-server.js';

const COMMANDS = {
  'release-server': join(PRODUCT, 'dist/apps/release-server/src/bin.js'),
  main: MAIN,
  index: join(PRODUCT, 'dist/apps/release-server/src/index.js'),
  migrate: join(PRODUCT, 'dist/apps/release-server/src/commands/migrate.js'),
  'repair-index': join(PRODUCT, 'dist/apps/release-server/src/commands/repair-index.js'),
  retention: join(PRODUCT, 'dist/apps/release-server/src/commands/retention.js'),
  token: join(PRODUCT, 'dist/apps/release-server/src/commands/token.js'),
  seed: resolve('tools/seed/main.mjs'),
};

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of the build with this environment until it exits; `onProgress` hears of what it writes to standard error. @param input - On its standard input. */
export async function runCommand(
  command: keyof typeof COMMANDS,
  parameters: readonly string[],
  environment: Record<string, string> = {},
  onProgress: (stderr: string, child: ChildProcess) => void = () => undefined,
  input = '',
): Promise<Ended> {
  const child = spawn(process.execPath, [COMMANDS[command], ...parameters], { env: environment });
  child.stdin.end(input);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    onProgress(stderr, child);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}
