import { pino, type DestinationStream, type Level, type Logger, type LoggerOptions } from 'pino';

import { LogDestination } from './log-destination.js';
import { unblockStandardStreams } from './standard-streams.js';

/** One for all loggers, so that lines of a failed start come in their order. */
const standardOutput = new LogDestination(1);

/**
 * A logger of JSON lines with `level`, `message`, `timestamp` and `module`, on standard output; of readable
 * lines where that is a terminal.
 */
export async function createLogger(
  level: Level | 'silent',
  isTerminal = process.stdout.isTTY,
): Promise<Logger> {
  unblockStandardStreams();
  const options: LoggerOptions = {
    level,
    base: null,
    messageKey: 'message',
    timestamp,
  };
  const logger = isTerminal
    ? pino(options, await prettyLines(standardOutput))
    : pino(
        { ...options, formatters: { level: (label) => ({ level: label.toUpperCase() }) } },
        standardOutput,
      );
  standardOutput.onDropped = (lines) =>
    logger.error(
      { module: 'log', event: 'log.dropped', lines },
      `${lines} lines of the log could not be written and are lost`,
    );
  return logger;
}

let lastMs = Number.NaN;
let lastTimestamp = '';

/** Made once for all lines of one millisecond. */
function timestamp(): string {
  const now = Date.now();
  if (now !== lastMs) {
    lastMs = now;
    lastTimestamp = `,"timestamp":"${new Date(now).toISOString()}"`;
  }
  return lastTimestamp;
}

async function prettyLines(destination: LogDestination): Promise<DestinationStream> {
  const { prettyFactory } = await import('pino-pretty');
  const pretty = prettyFactory({
    messageKey: 'message',
    timestampKey: 'timestamp',
    translateTime: 'SYS:HH:MM:ss',
    ignore:
      'module,event,request_id,actor,address,user_agent,digest,size,method,path,status,duration_ms,bytes',
  });
  return { write: (line) => destination.write(pretty(line)) };
}
