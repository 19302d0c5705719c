import {
  catalogOf,
  packageVersion,
  RetentionPolicy,
  type Eviction,
  type EvictionContext,
  type Package,
  type Release,
} from 'release-server';

/**
 * Keeps the newest releases whole, however many packages each has: pre-releases leave first, then the release that was
 * published longest ago. The one that is being published stays. Packages without a version are no release, and stay.
 */
export class NewestReleasesPolicy extends RetentionPolicy {
  readonly limits: { readonly keep_releases: number };

  constructor(keep: number) {
    super();
    this.limits = { keep_releases: keep };
  }

  selectEvictions(
    packages: readonly Package[],
    { incoming, releases }: EvictionContext,
  ): readonly Eviction[] {
    const [first] = incoming;
    const own = first && packageVersion(first)?.key;
    // They come from the highest version down; of releases of one age the lowest leaves first.
    const others = catalogOf({ packages, drafts: [], releases })
      .releases.filter(({ version }) => version !== undefined && version.key !== own)
      .toReversed();
    const room = this.limits.keep_releases - (own === undefined ? 0 : 1);
    const surplus = Math.max(0, others.length - room);
    const reason = first === undefined ? 'over the limit at the start' : `made room for ${first.name}`;
    return others
      .toSorted(firstToLeave)
      .slice(0, surplus)
      .flatMap(({ assets }) => assets)
      .map((one) => ({ package: one, reason }));
  }
}

function firstToLeave(a: Release, b: Release): number {
  return Number(b.isPrerelease) - Number(a.isPrerelease) || a.updatedAt - b.updatedAt;
}
