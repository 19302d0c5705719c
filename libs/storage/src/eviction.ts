import type { Package } from './package-reader.js';

/** What is about to be published. */
export type IncomingPackage = Pick<Package, 'name' | 'size' | 'createdAt'>;

/** What packages leave for, and when. */
export interface EvictionContext {
  /** Undefined at a prune. */
  readonly incoming: IncomingPackage | undefined;
  /** Milliseconds since the epoch by the store's clock, read once for each decision: no other clock is asked. */
  readonly now: number;
  /** The stored package of that name. Only from a store that finds it without a search through all of them. */
  readonly find?: (name: string) => Package | undefined;
}

/** A package that leaves by retention. */
export interface Eviction {
  readonly package: Package;
  /** Why, in a few words for the log. */
  readonly reason: string;
}

/**
 * Chooses the packages that leave. Pure: the store calls it on the very state on which it decides, and again when it
 * has to retry. `packages` is what `list()` returns of that state, or comes in no particular order from a store that has
 * none, and may hold the revision that the incoming one replaces; it is not to be changed.
 */
export type Evict = (packages: readonly Package[], context: EvictionContext) => readonly Eviction[];
