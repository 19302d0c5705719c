import type { Package, StoreSnapshot } from './package-reader.js';
import type { ReleaseRecord } from './release-record.js';

/** What is about to be published. */
export type IncomingPackage = Pick<Package, 'name' | 'size' | 'createdAt'>;

/** What packages leave for, and when. */
export interface EvictionContext {
  /** What is about to become public: a package, all those of a draft, or none at a prune. */
  readonly incoming: readonly IncomingPackage[];
  /** As `StoreSnapshot.releases`; with `incoming` of a draft, it is the one that it becomes. */
  readonly releases: ReadonlyMap<string, ReleaseRecord>;
  /** All that is stored, with the packages that are asked about and the releases before the change. Only from a store that has it at hand. */
  readonly snapshot?: StoreSnapshot;
  /** Milliseconds since the epoch by the store's clock, read once for each decision: no other clock is asked. */
  readonly now: number;
  /** The stored package of that name. Only from a store that finds it without a search through all of them. */
  readonly find?: (name: string) => Package | undefined;
}

/** Finds stored packages by name: as the context does, else by a look through all of them when it is asked first. */
export function finderIn(
  packages: readonly Package[],
  { find }: Pick<EvictionContext, 'find'> = {},
): (name: string) => Package | undefined {
  let stored: ReadonlyMap<string, Package> | undefined;
  return find ?? ((name) => (stored ??= new Map(packages.map((one) => [one.name, one]))).get(name));
}

/** A package that leaves by retention. */
export interface Eviction {
  readonly package: Package;
  /** Why, in a few words for the log. */
  readonly reason: string;
  /** The tag of the release whose last package this is: its record leaves with it. */
  readonly endsRelease?: string | undefined;
}

/**
 * Chooses the packages that leave. Pure: the store calls it on the very state on which it decides, and again when it
 * has to retry. `packages` is what `list()` returns of that state, or comes in no particular order from a store that has
 * none, and may hold the revision that the incoming one replaces; it is not to be changed.
 */
export type Evict = (packages: readonly Package[], context: EvictionContext) => readonly Eviction[];
