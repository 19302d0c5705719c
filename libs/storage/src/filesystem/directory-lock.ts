import { lstat, mkdir, readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';

import { ownDirectory, removeIfEmpty } from '../own-directory.js';
import { isAbandoned, isTag } from '../staging/owner.js';
import { StorageError } from '../storage.errors.js';
import { ownMode, type Layout } from './layout.js';

/** Between two signs of life of a process that holds the directory. */
const HEARTBEAT_MS = 60_000;

/**
 * Where the file system has no hard links, creating is checked and then done, which is safe within one
 * process only: takes the directory for this process, or refuses. Returns how to let go of it.
 */
export async function lockDirectory(layout: Layout, ownerTag: string): Promise<() => Promise<void>> {
  await ownDirectory(layout.lock, await ownMode(layout));
  for (const name of await claimsIn(layout)) {
    const path = join(layout.lock, name);
    const stats = await lstat(path).catch(() => undefined);
    if (stats !== undefined && isAbandoned(name, stats.ctimeMs)) await removeIfEmpty(path);
  }
  const claim = join(layout.lock, ownerTag);
  await mkdir(claim);
  if ((await claimsIn(layout)).length > 1) {
    await removeIfEmpty(claim);
    throw new StorageError(
      'storage_failed',
      `${layout.root} has no hard links and is in use by another process; run one process on it.`,
    );
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(claim, now, now).catch(() => undefined);
  }, HEARTBEAT_MS).unref();
  return async () => {
    clearInterval(heartbeat);
    await removeIfEmpty(claim);
  };
}

async function claimsIn(layout: Layout): Promise<string[]> {
  return (await readdir(layout.lock)).filter(isTag);
}
