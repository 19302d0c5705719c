import {
  RetentionPolicy,
  versionOf,
  type Eviction,
  type EvictionContext,
  type Package,
} from 'release-server';

/** The packages of one version. */
interface Release {
  readonly version: string;
  readonly isPrerelease: boolean;
  /** Publish time of its newest package, in milliseconds since the epoch. */
  readonly publishedAt: number;
  readonly packages: readonly Package[];
}

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

  selectEvictions(packages: readonly Package[], { incoming }: EvictionContext): readonly Eviction[] {
    const own = incoming === undefined ? undefined : versionKey(incoming);
    const others = releasesIn(packages).filter(({ version }) => version !== own);
    const room = this.limits.keep_releases - (own === undefined ? 0 : 1);
    const surplus = Math.max(0, others.length - room);
    const reason = incoming === undefined ? 'over the limit at the start' : `made room for ${incoming.name}`;
    return others
      .toSorted(firstToLeave)
      .slice(0, surplus)
      .flatMap((release) => release.packages)
      .map((one) => ({ package: one, reason }));
  }
}

function releasesIn(packages: readonly Package[]): Release[] {
  const byVersion = Map.groupBy(packages, versionKey);
  return [...byVersion].flatMap(([version, members]) =>
    version === undefined
      ? []
      : {
          version,
          isPrerelease: members.some(({ name }) => versionOf(name)?.isPrerelease),
          publishedAt: Math.max(...members.map(({ createdAt }) => createdAt)),
          packages: members,
        },
  );
}

/** `1.2.3` for `tool-v1.2.3-linux.tar.gz` as for `tool-1.2.3.zip`. */
function versionKey({ name }: { readonly name: string }): string | undefined {
  return versionOf(name)?.key;
}

function firstToLeave(a: Release, b: Release): number {
  return (
    Number(b.isPrerelease) - Number(a.isPrerelease) ||
    a.publishedAt - b.publishedAt ||
    (a.version < b.version ? -1 : 1)
  );
}
