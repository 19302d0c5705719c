import { rm } from 'node:fs/promises';

import { assertRealDirectory } from '../own-directory.js';
import { isFileName } from '../package-name.js';
import { leftoversIn } from '../staging/leftovers.js';
import { isAbandoned, isRunningHere } from '../staging/owner.js';
import type { Layout } from './layout.js';
import { putBack, withdrawnIn } from './withdrawal.js';

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
    if (!isFileName(name)) continue;
    await putBack(path, layout.package(name));
    restored.push(name);
  }
  return restored;
}
