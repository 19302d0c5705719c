import { link, lstat, mkdir, readdir, rename, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';

import { unless } from '../errno.js';
import { isPackageName } from '../package-name.js';
import { leftoversIn } from '../staging/leftovers.js';
import { isAbandoned, isRunningHere } from '../staging/owner.js';
import { StorageError } from '../storage.errors.js';
import type { Layout } from './layout.js';

/** Milliseconds between two signs of life of a process that holds the directory. */
const HEARTBEAT = 60_000;

/** Creates what is missing of the layout. */
export async function prepareDirectories(layout: Layout): Promise<void> {
  for (const directory of [layout.root, layout.incoming, layout.trash, layout.meta]) {
    await mkdir(directory, { recursive: true });
  }
}

/**
 * Cleans up after processes that are gone: drops what they had staged, and puts back the packages that a
 * publish had taken out when it was cut off. Returns the names of those.
 *
 * Files of neighbours that may live stay untouched, except at a start: then packages are put back unless their
 * owner is known to live, for a package that stays away is worse than one that is evicted twice.
 */
export async function recover(layout: Layout, isStart: boolean): Promise<string[]> {
  for (const { path } of await leftoversIn(layout.incoming, isAbandoned)) {
    await rm(path, { recursive: true, force: true });
  }
  const restored: string[] = [];
  const isLeftover = isStart ? (tag: string): boolean => !isRunningHere(tag) : isAbandoned;
  for (const { path, rest: name } of await leftoversIn(layout.trash, isLeftover)) {
    if (isPackageName(name)) {
      await putBack(path, layout.package(name));
      restored.push(name);
    } else {
      await rm(path, { recursive: true, force: true });
    }
  }
  return restored;
}

/** Moves a withdrawn package back under its name, unless a newer version took it meanwhile. */
export async function putBack(path: string, target: string): Promise<void> {
  try {
    await unless(['EEXIST'], () => link(path, target));
  } catch {
    // No hard links, or none now: a rename does as well.
    if (await isMissing(target)) await rename(path, target);
  }
  await rm(path, { force: true });
}

/** The name under which a process keeps a withdrawn package: unique, and telling owner and package. */
export function trashName(ownerTag: string, sequence: number, name: string): string {
  return `${ownerTag}.${sequence}~${name}`;
}

/**
 * Where the file system has no hard links, creating is checked and then done, which is safe within one
 * process only: takes the directory for this process, or refuses. Returns how to let go of it.
 */
export async function lockDirectory(layout: Layout, ownerTag: string): Promise<() => Promise<void>> {
  await mkdir(layout.lock, { recursive: true });
  for (const { path } of await leftoversIn(layout.lock, isAbandoned))
    await rm(path, { recursive: true, force: true });
  const claim = join(layout.lock, ownerTag);
  await mkdir(claim);
  if ((await readdir(layout.lock)).length > 1) {
    await rm(claim, { recursive: true, force: true });
    throw new StorageError(
      'storage_failed',
      `${layout.root} has no hard links and is in use by another process; run one process on it.`,
    );
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(claim, now, now).catch(() => undefined);
  }, HEARTBEAT).unref();
  return async () => {
    clearInterval(heartbeat);
    await rm(claim, { recursive: true, force: true });
  };
}

async function isMissing(path: string): Promise<boolean> {
  return !(await unless(['ENOENT'], () => lstat(path)));
}
