import { createHash, randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

/** Longest time that a file of a living owner goes without being written, in milliseconds. */
const ABANDONED_AFTER_MS = 60 * 60 * 1000;
const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 12);

const alive = new Set<string>();

/**
 * Marks files in progress with the process that owns them, so that a process that starts on the same
 * directory can tell the leftovers of a crash from the work of a neighbour.
 */
export class Owner {
  readonly tag = `${HOST}.${process.pid}.${randomBytes(4).toString('hex')}`;

  constructor() {
    alive.add(this.tag);
  }

  release(): void {
    alive.delete(this.tag);
  }
}

/** Whether a name is the tag of an owner. */
export function isTag(name: string): boolean {
  return /^[0-9a-f]{12}\.[1-9][0-9]*\.[0-9a-f]{8}$/.test(name);
}

/** Whether the owner named by `tag` is a process of this host that runs. */
export function isRunningHere(tag: string): boolean {
  const [host, pidText] = tag.split('.');
  const pid = Number(pidText);
  if (host !== HOST || !Number.isSafeInteger(pid) || pid <= 0) return false;
  return pid === process.pid ? alive.has(tag) : isRunning(pid);
}

/**
 * Whether the owner is gone; `changed` (the file's ctime in ms since the epoch) decides where it cannot be
 * asked: on another host, or where another program may have got its process id. What is no tag has no owner that
 * could be gone.
 */
export function isAbandoned(tag: string, changed: number): boolean {
  if (!isTag(tag)) return false;
  const [host, pid] = tag.split('.');
  const isOurs = host === HOST && pid === String(process.pid);
  if (isRunningHere(tag)) return !isOurs && Date.now() - changed > ABANDONED_AFTER_MS;
  return host === HOST || Date.now() - changed > ABANDONED_AFTER_MS;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
