import { readFileSync } from 'node:fs';

import { isRunByNpm } from '../config/config.environment.js';

const PARENT_CHECK_MS = 500;

/**
 * Ends this process as a terminal that closes does once npm, which runs it, is gone: npm passes on SIGTERM and SIGINT,
 * and leaves behind what it runs when anything else ends it.
 */
export function endWithNpm(): void {
  if (!isRunByNpm()) return;
  const alive = parents();
  const timer = setInterval(() => {
    if (parents() === alive) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGHUP');
  }, PARENT_CHECK_MS);
  timer.unref();
}

/** The parent's id and, of the shell that npm puts in between where the command is not run by `exec`, that of its parent. */
function parents(): string {
  const parent = String(process.ppid);
  try {
    const [, npm] = /^\d+ \(sh\) \S (\d+) /.exec(readFileSync(`/proc/${parent}/stat`, 'latin1')) ?? [];
    return npm === undefined ? parent : `${parent} ${npm}`;
  } catch {
    // There is no /proc, or no parent any more.
    return parent;
  }
}
