import type { Release, ReleaseCatalog } from '#releases';
import type { Package } from '#storage';

import type { RetentionService } from './retention.service.js';

/** Which packages make room for those that are published next. */
export interface RetentionForecast {
  /** For one new package. */
  readonly forPackage: readonly Package[];
  /** How many packages the next release is taken to have: as many as the largest that is stored. */
  readonly releaseCount: number;
  /** For a release of so many. */
  readonly forRelease: readonly Package[];
  /** How many of each release those are, in the order in which they leave. */
  readonly byRelease: ReadonlyMap<Release, number>;
  readonly names: ReadonlySet<string>;
}

/** Asks the policy of retention, with packages that nobody has, such as the largest release has on average. */
export function forecast(
  catalog: ReleaseCatalog,
  retention: Pick<RetentionService, 'foresee'>,
): RetentionForecast {
  const { packages, releases, snapshot } = catalog;
  const [largest] = releases
    .filter(({ hasTag }) => hasTag)
    .toSorted((a, b) => b.assets.length - a.assets.length || b.updatedAt - a.updatedAt);
  const releaseCount = largest?.assets.length ?? 1;
  const releaseSize = largest?.size ?? 1;
  const newest = packages[0]?.createdAt ?? 0;
  const incoming = Array.from({ length: releaseCount }, (_, at) => ({
    name: `to-be-published-${at}-v999999.0.0.zip`,
    size: Math.ceil(releaseSize / releaseCount),
    createdAt: newest + 1 + at,
  }));
  const forRelease = retention.foresee(snapshot, incoming);
  const byRelease = new Map<Release, number>();
  for (const stored of forRelease) {
    const release = catalog.releaseOf(stored);
    byRelease.set(release, (byRelease.get(release) ?? 0) + 1);
  }
  return {
    forPackage: retention.foresee(snapshot, incoming.slice(0, 1)),
    releaseCount,
    forRelease,
    byRelease,
    names: new Set(forRelease.map(({ name }) => name)),
  };
}
