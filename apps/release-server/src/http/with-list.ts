import type { Package, PackageReader } from '#storage';

/** Uses the list of a store, at once where it is known without a look. */
export function withList<T>(
  store: Pick<PackageReader, 'list' | 'peekList'>,
  use: (packages: readonly Package[]) => T | Promise<T>,
): T | Promise<T> {
  const known = store.peekList();
  return known === undefined ? store.list().then(use) : use(known);
}
