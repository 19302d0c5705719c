import { newestFirst } from './newest-first.js';
import type { Package } from './package-reader.js';

/** What went and what came between two lists of a store. */
export interface ListChanges {
  readonly removed: readonly Package[];
  readonly added: readonly Package[];
}

/**
 * Compares two lists in one walk. Both come newest first, and what stays is the same object in both, or
 * one that is equal: so a walk costs little more than a comparison of references for each. In lists of another order
 * more is reported as removed and added, which is still correct.
 */
export function listChanges(before: readonly Package[], after: readonly Package[]): ListChanges {
  const removed: Package[] = [];
  const added: Package[] = [];
  let [left, right] = [0, 0];
  while (left < before.length && right < after.length) {
    const one = before[left] as Package;
    const other = after[right] as Package;
    if (one === other || isSamePackage(one, other)) {
      left += 1;
      right += 1;
    } else if (newestFirst(one, other) < 0) {
      removed.push(one);
      left += 1;
    } else {
      added.push(other);
      right += 1;
    }
  }
  for (; left < before.length; left++) removed.push(before[left] as Package);
  for (; right < after.length; right++) added.push(after[right] as Package);
  return { removed, added };
}

/** Stores give the same object for an unchanged package, or one that is equal. */
export function isSamePackage(one: Package, other: Package): boolean {
  return (
    one === other ||
    (one.createdAt === other.createdAt &&
      one.name === other.name &&
      one.revision === other.revision &&
      one.size === other.size &&
      one.sha256 === other.sha256)
  );
}
