import { isRunByNpm } from './config/config.environment.js';

const PARENT_CHECK_MS = 500;

/**
 * Ends this process as a terminal that closes does once npm, which runs it, is gone: npm passes on SIGTERM and SIGINT,
 * and leaves behind what it runs when anything else ends it.
 */
export function endWithNpm(): void {
  if (!isRunByNpm()) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGHUP');
  }, PARENT_CHECK_MS);
  timer.unref();
}
