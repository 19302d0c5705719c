import type { RetentionService } from '#retention';
import type { Package } from '#storage';

import type { PackageSearch, ReleaseSummary } from './package-search.js';

/** Which packages make room for those that are published next. */
export interface Leaving {
  /** For one new package. */
  readonly forPackage: readonly Package[];
  /** How many packages the next release is taken to have: as many as the largest that is stored. */
  readonly releaseCount: number;
  /** For a release of so many. */
  readonly forRelease: readonly Package[];
  /** How many of each release those are, in the order in which they leave. */
  readonly byRelease: ReadonlyMap<ReleaseSummary, number>;
  readonly names: ReadonlySet<string>;
}

/** Asks the policy of retention, with packages that nobody has, such as the largest release has on average. */
export function foresee(listing: PackageSearch, retention: RetentionService): Leaving {
  const { packages } = listing;
  const releases = new Set(packages.map((stored) => listing.releaseOf(stored)));
  const [largest] = [...releases]
    .filter(({ version }) => version !== undefined)
    .toSorted((a, b) => b.count - a.count);
  const { count: releaseCount, size: releaseSize } = largest ?? { count: 1, size: 1 };
  const newest = packages[0]?.createdAt ?? 0;
  const incoming = Array.from({ length: releaseCount }, (_, at) => ({
    name: `to-be-published-${at}-v999999.0.0.zip`,
    size: Math.ceil(releaseSize / releaseCount),
    createdAt: newest + 1 + at,
  }));
  const forRelease = retention.foresee(packages, incoming);
  const byRelease = new Map<ReleaseSummary, number>();
  for (const stored of forRelease) {
    const release = listing.releaseOf(stored);
    byRelease.set(release, (byRelease.get(release) ?? 0) + 1);
  }
  return {
    forPackage: retention.foresee(packages, incoming.slice(0, 1)),
    releaseCount,
    forRelease,
    byRelease,
    names: new Set(forRelease.map(({ name }) => name)),
  };
}
