import type { Package } from './package-reader.js';

/** The arrays that {@link snapshotOf} has made. */
const snapshots = new WeakSet<readonly Package[]>();

/** What the order is made by. */
type Ordered = Pick<Package, 'name' | 'createdAt'>;

/** The order of lists: by publish time, the latest first, then by name. */
export function newestFirst(a: Ordered, b: Ordered): number {
  return b.createdAt - a.createdAt || (a.name < b.name ? -1 : 1);
}

/** Makes a list of packages that are newest first unchangeable, and known to be in that order. */
export function snapshotOf(packages: Package[]): readonly Package[] {
  snapshots.add(packages);
  return Object.freeze(packages);
}

/** The packages newest first: a snapshot as it is. */
export function inOrder(packages: readonly Package[]): readonly Package[] {
  return snapshots.has(packages) ? packages : packages.toSorted(newestFirst);
}

/** Where a package of that time and name stands in a list that is newest first, or would. */
export function positionIn(list: readonly Package[], one: Ordered): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = list[middle];
    if (other !== undefined && newestFirst(other, one) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * A list that is newest first, without packages that are in it and with others. Looks at few of those that stay, which it
 * copies.
 */
export function changedList(
  list: readonly Package[],
  gone: readonly Ordered[],
  come: readonly Package[],
): Package[] {
  const left = gone.map((one) => positionIn(list, one)).sort((a, b) => a - b);
  const next: Package[] = [];
  let [at, skipped] = [0, 0];
  const copyUpTo = (end: number): void => {
    for (; at < end; at++) {
      if (at === left[skipped]) skipped++;
      else next.push(list[at] as Package);
    }
  };
  for (const one of come.toSorted(newestFirst)) {
    copyUpTo(positionIn(list, one));
    next.push(one);
  }
  copyUpTo(list.length);
  return next;
}
