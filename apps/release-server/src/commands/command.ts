import { Logger } from '@nestjs/common';

import { ConfigError, EX_CONFIG } from '../config/config.error.js';
import { endWithNpm } from '../server/npm-parent.js';

/** The arguments make no sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const EX_USAGE = 2;

/** Runs a command that returns its exit code; what it throws is printed in one line on standard error. */
export async function runCommand(name: string, command: () => Promise<number>): Promise<void> {
  endWithNpm();
  Logger.overrideLogger({
    log: () => undefined,
    warn: (message: unknown) => warn(name, message),
    error: (message: unknown) => warn(name, message),
  });
  process.umask(0o022);
  for (const stream of [process.stdout, process.stderr]) stream.on('error', noteLostOutput);
  try {
    const code = await command();
    // Output that is lost has set another.
    if (code !== 0) process.exitCode = code;
  } catch (error) {
    const message = messageOf(error);
    warn(name, isUsage(error) ? `${message}; see --help` : message);
    process.exitCode = isUsage(error) ? EX_USAGE : error instanceof ConfigError ? EX_CONFIG : 1;
  }
}

/** The work goes on when its output is lost. Who read it, such as `head`, may leave; a full disk is a failure to report. */
function noteLostOutput(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') process.exitCode = 1;
}

/** An error in one line, with what is behind it. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return printable(`${error.message}${cause}`);
}

/** A text from outside as it can be shown on a terminal. */
export function printable(text: string): string {
  return text.replaceAll(/\p{C}/gu, '?');
}

/** A number of things, in words. */
export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}

function warn(name: string, message: unknown): void {
  process.stderr.write(`${name}: ${String(message)}\n`);
}

function isUsage(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return error instanceof UsageError || code?.startsWith('ERR_PARSE_ARGS_') === true;
}
