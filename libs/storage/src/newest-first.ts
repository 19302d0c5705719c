import type { Package } from './package-reader.js';

/** The arrays that {@link snapshotOf} has made. */
const snapshots = new WeakSet<readonly Package[]>();

/** The order of lists: by publish time, the latest first, then by name. */
export function newestFirst(a: Package, b: Package): number {
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
