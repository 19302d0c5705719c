import { pino, type DestinationStream, type Level, type Logger, type LoggerOptions } from 'pino';

/**
 * A logger of JSON lines with `level`, `message`, `timestamp` and `module`, on standard output; of readable
 * lines where that is a terminal.
 */
export async function createLogger(
  level: Level | 'silent',
  isTerminal = process.stdout.isTTY,
): Promise<Logger> {
  const options: LoggerOptions = {
    level,
    base: null,
    messageKey: 'message',
    timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
  };
  if (isTerminal) return pino(options, await prettyStream());
  return pino({ ...options, formatters: { level: (label) => ({ level: label.toUpperCase() }) } });
}

async function prettyStream(): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty');
  return pretty({
    messageKey: 'message',
    timestampKey: 'timestamp',
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'module,event,request_id,actor,digest,size,method,path,status,duration_ms,bytes',
    sync: true,
  });
}
