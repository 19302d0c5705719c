import type { Package } from './package-reader.js';

/** The order of lists: by publish time, the latest first, then by name. */
export function newestFirst(a: Package, b: Package): number {
  return b.createdAt - a.createdAt || (a.name < b.name ? -1 : 1);
}
