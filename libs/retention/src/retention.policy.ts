import type { Evict, Package } from '#storage';

import type { RetentionOptions } from './retention.options.js';

/**
 * The packages that leave so that, with `incoming` in, at most `maxPackages` are stored: the oldest first,
 * by publish time across all packages and then by name; never `incoming` itself. Overwriting needs no room,
 * so it evicts nothing. Without `incoming`, what a lowered limit leaves no room for.
 */
export function selectEvictions(
  packages: readonly Package[],
  { maxPackages }: RetentionOptions,
  incoming?: Parameters<Evict>[1],
): readonly Package[] {
  if (maxPackages === null) return [];
  if (incoming !== undefined && packages.some(({ name }) => name === incoming.name)) return [];
  const surplus = packages.length + (incoming === undefined ? 0 : 1) - maxPackages;
  return surplus > 0 ? packages.toSorted(oldestFirst).slice(0, surplus) : [];
}

function oldestFirst(a: Package, b: Package): number {
  return a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1);
}
