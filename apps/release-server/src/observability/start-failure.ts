import { createLogger } from './logger.factory.js';

/** Logs why the server did not start, in one line like any other; no logger is configured then. */
export async function logStartFailure(error: unknown): Promise<void> {
  const logger = await createLogger('info');
  const message = error instanceof Error ? error.message : String(error);
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : undefined;
  logger.fatal({ module: 'main', cause }, `the server did not start: ${message}`);
}
