import { newestFirst, type Package } from '#storage';

import { oncePer } from './once-per.js';
import { packageVersion, versionOf } from './package-version.js';
import { byPreference } from './release-order.js';
import { assetId, Release, releaseId, tagOf } from './release.js';

/** All releases of one snapshot of the store. What not everybody asks for is made when first asked for. */
export class ReleaseCatalog {
  /** The most preferred first; last the packages without a version. */
  readonly releases: readonly Release[];
  private readonly byVersion: ReadonlyMap<string | undefined, Release>;
  private inOrder: readonly Package[] | undefined;
  private byAnyTag: ReadonlyMap<string, Release> | undefined;
  private byReleaseId: ReadonlyMap<number, Release> | undefined;
  private byAssetId: ReadonlyMap<number, Package> | undefined;

  /** @param packages - In any order. */
  constructor(readonly packages: readonly Package[]) {
    const groups = Map.groupBy(packages, versionKey);
    this.byVersion = new Map(Array.from(groups, ([key, members]) => [key, releaseFrom(members)]));
    this.releases = [...this.byVersion.values()].sort((a, b) => byPreference(a.assets[0], b.assets[0]));
  }

  /** The release that clients get who name none; undefined for an empty store. */
  get latest(): Release | undefined {
    return this.releases[0];
  }

  /** Bytes of all packages. */
  get size(): number {
    return this.releases.reduce((sum, { size }) => sum + size, 0);
  }

  /** The packages of all releases, the most preferred first. Builds of one version (`1.2.3+a`, `1.2.3+b`) mix. */
  get assets(): readonly Package[] {
    return (this.inOrder ??= this.releases.flatMap(({ assets }) => assets).sort(byPreference));
  }

  /** The release that a package belongs to. Throws for one of another snapshot. */
  releaseOf(stored: Package): Release {
    const release = this.byVersion.get(versionKey(stored));
    if (release === undefined) throw new Error(`${stored.name} is of another snapshot`);
    return release;
  }

  /** The release of that version, however it is spelt: `v1.2.3` and `1.2.3` are one. */
  byTag(tag: string): Release | undefined {
    const version = versionOf(tag);
    return this.tags.get(tag) ?? (version?.tag === tag ? this.byVersion.get(version.key) : undefined);
  }

  /** The release of that id, in any of the spellings that its packages have. */
  byId(id: number): Release | undefined {
    this.byReleaseId ??= new Map(Array.from(this.tags, ([tag, release]) => [releaseId(tag), release]));
    return this.byReleaseId.get(id);
  }

  assetById(id: number): Package | undefined {
    this.byAssetId ??= new Map(this.packages.map((stored) => [assetId(stored), stored]));
    return this.byAssetId.get(id);
  }

  /** By the tags that packages have. Of releases that share one, the preferred. */
  private get tags(): ReadonlyMap<string, Release> {
    return (this.byAnyTag ??= new Map(
      this.assets.toReversed().map((stored) => [tagOf(stored), this.releaseOf(stored)]),
    ));
  }
}

/** The catalog of a snapshot, made once for all who have that list. */
export const catalogOf = oncePer((packages: readonly Package[]) => new ReleaseCatalog(packages));

/** What tells one release from another. */
function versionKey(stored: Package): string | undefined {
  return packageVersion(stored)?.key;
}

function releaseFrom(members: Package[]): Release {
  return new Release(members.sort(newestFirst) as [Package, ...Package[]]);
}
