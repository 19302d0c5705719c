import type { PackageReader, StoreSnapshot } from '#storage';

/** Calls `use` with the snapshot of a store, synchronously where the store has it in memory. */
export function withSnapshot<T>(
  store: Pick<PackageReader, 'snapshot' | 'peekSnapshot'>,
  use: (snapshot: StoreSnapshot) => T | Promise<T>,
): T | Promise<T> {
  const known = store.peekSnapshot();
  return known === undefined ? store.snapshot().then(use) : use(known);
}
