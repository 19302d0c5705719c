import { link, lstat, mkdir, readdir, rename, rm, rmdir, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { unless } from '../errno.js';
import { assertRealDirectory, ownDirectory } from '../own-directory.js';
import { isPackageName } from '../package-name.js';
import { leftoversIn } from '../staging/leftovers.js';
import { isAbandoned, isRunningHere, isTag } from '../staging/owner.js';
import { StorageError } from '../storage.errors.js';
import { ownMode, type Layout } from './layout.js';

/** The name of a directory for one withdrawn package: its owner's tag, and a number. */
const OWN_DIRECTORY = /^([0-9a-f]{12}\.[1-9][0-9]*\.[0-9a-f]{8})\.[0-9]+$/;
/** Milliseconds between two signs of life of a process that holds the directory. */
const HEARTBEAT = 60_000;

/**
 * Cleans up after processes that are gone: drops what they had staged, and puts back the packages that a
 * publish had taken out when it was cut off. Returns the names of those.
 *
 * Files of neighbours that may live stay untouched, except at a start: then packages are put back unless their
 * owner is known to live, for a package that stays away is worse than one that is evicted twice. So does whatever
 * is not named as an owner names its files: it is not ours.
 */
export async function recover(layout: Layout, isStart: boolean): Promise<string[]> {
  for (const directory of layout.own) await assertRealDirectory(directory);
  for (const { path } of await leftoversIn(layout.incoming, isAbandoned)) {
    await rm(path, { force: true });
  }
  const restored: string[] = [];
  const isLeftover = isStart ? (tag: string): boolean => !isRunningHere(tag) : isAbandoned;
  const inDirectories = await ownedDirectoriesIn(layout.trash, isLeftover);
  for (const { path, rest: name } of [...(await leftoversIn(layout.trash, isLeftover)), ...inDirectories]) {
    if (!isPackageName(name)) continue;
    await putBack(path, layout.package(name));
    restored.push(name);
  }
  return restored;
}

/** Moves a withdrawn package back under its name, unless a newer revision took it meanwhile. */
export async function putBack(path: string, target: string): Promise<void> {
  try {
    await unless(['EEXIST'], () => link(path, target));
  } catch {
    // No hard links, or none now: a rename does as well.
    if (await isMissing(target)) await rename(path, target);
  }
  await dropTrash(path);
}

/** Removes a withdrawn package, and the directory that was made for it alone. */
export async function dropTrash(path: string): Promise<void> {
  await rm(path, { force: true });
  if (OWN_DIRECTORY.test(basename(dirname(path)))) await release(dirname(path));
}

/** Packages whose names were too long beside a tag: each has a directory that is named as its owner. */
async function ownedDirectoriesIn(
  trash: string,
  isLeftover: (tag: string, changed: number) => boolean,
): Promise<{ path: string; rest: string }[]> {
  const found: { path: string; rest: string }[] = [];
  for (const directory of await readdir(trash, { withFileTypes: true })) {
    const [, tag] = OWN_DIRECTORY.exec(directory.name) ?? [];
    if (tag === undefined || !directory.isDirectory()) continue;
    const path = join(trash, directory.name);
    if (!isLeftover(tag, (await lstat(path)).ctimeMs)) continue;
    for (const file of await readdir(path, { withFileTypes: true })) {
      if (file.isFile()) found.push({ path: join(path, file.name), rest: file.name });
    }
  }
  return found;
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
  await ownDirectory(layout.lock, await ownMode(layout));
  for (const name of await claimsIn(layout)) {
    const path = join(layout.lock, name);
    const stats = await lstat(path).catch(() => undefined);
    if (stats !== undefined && isAbandoned(name, stats.ctimeMs)) await release(path);
  }
  const claim = join(layout.lock, ownerTag);
  await mkdir(claim);
  if ((await claimsIn(layout)).length > 1) {
    await release(claim);
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
    await release(claim);
  };
}

async function claimsIn(layout: Layout): Promise<string[]> {
  return (await readdir(layout.lock)).filter(isTag);
}

async function release(claim: string): Promise<void> {
  await unless(['ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST'], () => rmdir(claim));
}

async function isMissing(path: string): Promise<boolean> {
  return !(await unless(['ENOENT'], () => lstat(path)));
}
