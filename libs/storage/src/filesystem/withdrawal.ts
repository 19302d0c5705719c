import type { Dirent } from 'node:fs';
import { link, lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { unless } from '../errno.js';
import { ownDirectory, removeIfEmpty } from '../own-directory.js';
import { isFileName } from '../package-name.js';
import { tagOfFolder } from '../release-tag.js';
import { leftoversIn } from '../staging/leftovers.js';
import { isAbandoned } from '../staging/owner.js';
import { folderIn } from './folders.js';
import { ownMode, RECORD, type Layout } from './layout.js';

/** The name of a directory for one withdrawn package, or the record of a release: its owner's tag, and a number. */
const OWN_DIRECTORY = /^([0-9a-f]{12}\.[1-9][0-9]*\.[0-9a-f]{8})\.[0-9]+$/;

/** The name of a withdrawn package in the trash: unique, and telling owner and package. */
export function trashName(ownerTag: string, sequence: number, name: string): string {
  return `${ownerTag}.${sequence}~${name}`;
}

/**
 * Moves a package into the trash, or the record of a release. Returns where it lies then, or undefined when it has gone. A
 * name that is too long beside a tag, or that has a folder, gets a directory for itself.
 */
export async function withdraw(
  layout: Layout,
  name: string,
  ownerTag: string,
  sequence: number,
): Promise<string | undefined> {
  const home = layout.package(name);
  const beside = join(layout.trash, trashName(ownerTag, sequence, name));
  let path = beside;
  const folder = folderIn(name);
  const isThere = await unless(['ENOENT', 'ENOTDIR'], async () => {
    if (folder === undefined && (await unless(['ENAMETOOLONG'], () => rename(home, beside)))) return;
    const directory = join(layout.trash, `${ownerTag}.${sequence}`);
    const mode = await ownMode(layout);
    await ownDirectory(directory, mode);
    if (folder !== undefined) await ownDirectory(join(directory, folder), mode);
    path = join(directory, name);
    await rename(home, path);
  });
  return isThere ? path : undefined;
}

/** Moves a withdrawn package back under its name, unless a newer revision took it meanwhile. */
export async function putBack(layout: Layout, path: string, name: string): Promise<void> {
  const target = layout.package(name);
  const folder = folderIn(name);
  if (folder !== undefined) await unless(['EEXIST'], () => mkdir(layout.folder(folder)));
  try {
    await unless(['EEXIST'], () => link(path, target));
  } catch {
    // No hard links, or none now: a rename does as well.
    if (!(await unless(['ENOENT'], () => lstat(target)))) await rename(path, target);
  }
  await dropWithdrawn(path);
}

/** Removes a withdrawn package, and the directory that was made for it alone. */
export async function dropWithdrawn(path: string): Promise<void> {
  await rm(path, { force: true });
  const [parent, grandparent] = [dirname(path), dirname(dirname(path))];
  if (OWN_DIRECTORY.test(basename(grandparent))) {
    await removeIfEmpty(parent);
    await removeIfEmpty(grandparent);
  } else if (OWN_DIRECTORY.test(basename(parent))) {
    await removeIfEmpty(parent);
  }
}

/** The withdrawn packages and records whose owner `isLeftover` takes to be gone. */
export async function withdrawnIn(
  { trash }: Layout,
  isLeftover: (tag: string, changed: number) => boolean,
): Promise<{ path: string; name: string }[]> {
  const found = (await leftoversIn(trash, isLeftover)).map(({ path, rest }) => ({ path, name: rest }));
  for (const path of await ownDirectoriesIn(trash, isLeftover)) {
    for (const entry of await entriesOf(path)) {
      if (entry.isFile()) found.push({ path: join(path, entry.name), name: entry.name });
      if (!entry.isDirectory() || tagOfFolder(entry.name) === undefined) continue;
      for (const file of await entriesOf(join(path, entry.name))) {
        if (!file.isFile() || (file.name !== RECORD && !isFileName(file.name))) continue;
        found.push({ path: join(path, entry.name, file.name), name: `${entry.name}/${file.name}` });
      }
    }
  }
  return found;
}

/**
 * Removes the directories of withdrawals that were cut off before anything lay in them, or when nothing did any more. Not
 * those of neighbours that may live, who are about to move something into them.
 */
export async function removeEmptyWithdrawals({ trash }: Layout): Promise<void> {
  for (const path of await ownDirectoriesIn(trash, isAbandoned)) {
    for (const { name } of await entriesOf(path)) {
      if (tagOfFolder(name) !== undefined) await removeIfEmpty(join(path, name));
    }
    await removeIfEmpty(path);
  }
}

async function ownDirectoriesIn(
  trash: string,
  isLeftover: (tag: string, changed: number) => boolean,
): Promise<string[]> {
  const found: string[] = [];
  for (const directory of await readdir(trash, { withFileTypes: true })) {
    const [, tag] = OWN_DIRECTORY.exec(directory.name) ?? [];
    if (tag === undefined || !directory.isDirectory()) continue;
    const path = join(trash, directory.name);
    const stats = await lstat(path).catch(() => undefined);
    if (stats !== undefined && isLeftover(tag, stats.ctimeMs)) found.push(path);
  }
  return found;
}

/** None of a directory that has gone. */
async function entriesOf(path: string): Promise<Dirent[]> {
  let entries: Dirent[] = [];
  await unless(['ENOENT'], async () => {
    entries = await readdir(path, { withFileTypes: true });
  });
  return entries;
}
