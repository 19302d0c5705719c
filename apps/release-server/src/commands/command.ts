import { Logger } from '@nestjs/common';

import { ConfigError, EX_CONFIG } from '../config/config.error.js';

/** The arguments make no sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const EX_USAGE = 2;

/** Runs a command that returns its exit code; what it throws is told in one line on standard error. */
export async function runCommand(name: string, command: () => Promise<number>): Promise<void> {
  Logger.overrideLogger({
    log: () => undefined,
    warn: (message: unknown) => warn(name, message),
    error: (message: unknown) => warn(name, message),
  });
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreBrokenPipe);
  try {
    process.exitCode = await command();
  } catch (error) {
    const message = messageOf(error);
    warn(name, isUsage(error) ? `${message}; see --help` : message);
    process.exitCode = isUsage(error) ? EX_USAGE : error instanceof ConfigError ? EX_CONFIG : 1;
  }
}

/** Who read the output, such as `head`, may leave; the work goes on. */
function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
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
