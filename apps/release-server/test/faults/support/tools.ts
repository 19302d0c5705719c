import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Something that a row needs of the machine: says what is missing, or nothing. */
export type Need = () => string | undefined;

export const root: Need = () => (process.getuid?.() === 0 ? undefined : 'needs root');

/** `/proc`, to count what a process has open. */
export const proc: Need = () => (existsSync('/proc/self/fd') ? undefined : 'needs /proc');

/** A program on PATH, and the package of Debian that brings it. */
export function program(name: string, debianPackage = name): Need {
  return () => (onPath(name) ? undefined : `needs ${name} (apt-get install ${debianPackage})`);
}

/** strace that may trace: containers often forbid it. */
export const strace: Need = () =>
  program('strace')() ??
  (succeeds('strace', '-qq', '-o', '/dev/null', 'true') ? undefined : 'strace may not trace here');

function onPath(name: string): boolean {
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return directories.some((directory) => isExecutable(join(directory, name)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether a command exits with 0. */
export function succeeds(command: string, ...parameters: string[]): boolean {
  try {
    execFileSync(command, parameters, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
