import { catalogOf, type Release } from '#releases';
import type { Eviction, EvictionContext } from '#storage';

import { incomingRelease } from './incoming-release.js';

/** Says with the last package of a release that has a record that it ends, unless something of it comes. */
export function withEndedReleases(
  evictions: readonly Eviction[],
  context: EvictionContext & Required<Pick<EvictionContext, 'snapshot'>>,
): readonly Eviction[] {
  if (context.releases.size === 0) return evictions;
  const catalog = catalogOf(context.snapshot);
  const own = incomingRelease(context, catalog)?.stored;
  const left = new Map<Release, number>();
  return evictions.map((eviction) => {
    const release = catalog.releaseOf(eviction.package);
    const { assets, record, tag } = release;
    const rest = (left.get(release) ?? assets.length) - 1;
    left.set(release, rest);
    return rest > 0 || record === undefined || release === own ? eviction : { ...eviction, endsRelease: tag };
  });
}
