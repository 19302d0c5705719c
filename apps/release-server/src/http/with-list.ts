import type { Package, PackageReader } from '#storage';

/** Calls `use` with the list of a store, synchronously where the store has it in memory. */
export function withList<T>(
  store: Pick<PackageReader, 'list' | 'peekList'>,
  use: (packages: readonly Package[]) => T | Promise<T>,
): T | Promise<T> {
  const known = store.peekList();
  return known === undefined ? store.list().then(use) : use(known);
}
