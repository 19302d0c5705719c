import { lstat, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { assertRealDirectory } from '../own-directory.js';
import { unless } from '../errno.js';
import { isFileName } from '../package-name.js';
import { tagOfFolder } from '../release-tag.js';
import { leftoversIn } from '../staging/leftovers.js';
import { isAbandoned, isRunningHere } from '../staging/owner.js';
import type { Layout } from './layout.js';
import { removalIn } from './removal.js';
import { putBack, removeEmptyWithdrawals, withdrawnIn } from './withdrawal.js';

/**
 * Cleans up after processes that are gone: drops what they had staged, and puts back the packages that a
 * publish had taken out when it was cut off. Returns the names of those.
 *
 * Files of neighbours that may live stay untouched, except at a start: then packages are put back unless their
 * owner is known to live, for a package that stays away is worse than one that is evicted twice. What is
 * not named as an owner names its files stays too: it is not ours.
 */
export async function recover(layout: Layout, isStart: boolean): Promise<string[]> {
  for (const directory of layout.own) await assertRealDirectory(directory);
  for (const { path } of await leftoversIn(layout.incoming, isAbandoned)) {
    await rm(path, { force: true });
  }
  const restored: string[] = [];
  const isLeftover = isStart ? (tag: string): boolean => !isRunningHere(tag) : isAbandoned;
  for (const { path, name } of await withdrawnIn(layout, isLeftover)) {
    if (!name.includes('/') && !isFileName(name)) continue;
    await putBack(layout, path, name);
    restored.push(name);
  }
  await removeEmptyWithdrawals(layout);
  for (const removal of await readdir(layout.trash)) {
    const found = removalIn(removal);
    const path = join(layout.trash, removal);
    if (found === undefined) continue;
    const stats = await lstat(path).catch(() => undefined);
    if (stats?.isDirectory() !== true || !isLeftover(found.tag, stats.ctimeMs)) continue;
    if (!found.isDecided) restored.push(...(await undo(layout, path)));
    await rm(path, { recursive: true, force: true });
  }
  return restored;
}

/** Puts back what the removal had taken out before it was cut off. */
async function undo(layout: Layout, path: string): Promise<string[]> {
  const restored: string[] = [];
  for (const { name } of await readdir(path, { withFileTypes: true })) {
    if (!isFileName(name) && tagOfFolder(name) === undefined) continue;
    await restore(layout, join(path, name), name);
    restored.push(name);
  }
  return restored;
}

/** What came under a name meanwhile stays; of a folder that came again, only what is missing is put back. */
async function restore(layout: Layout, path: string, name: string): Promise<void> {
  const stats = await lstat(path);
  if (stats.isFile()) {
    await putBack(layout, path, name);
    return;
  }
  if (!stats.isDirectory()) return;
  if (await unless(['EEXIST', 'ENOTEMPTY', 'ENOTDIR'], () => rename(path, layout.folder(name)))) return;
  for (const file of await readdir(path, { withFileTypes: true })) {
    if (file.isFile()) await putBack(layout, join(path, file.name), `${name}/${file.name}`);
  }
}
