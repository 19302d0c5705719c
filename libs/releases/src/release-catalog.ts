import { newestFirst, type Package } from '#storage';

import { Incremental, incrementalOrder } from './incremental.js';
import { oncePer } from './once-per.js';
import { OrderedBlocks } from './ordered-blocks.js';
import { packageVersion, versionOf } from './package-version.js';
import { byPreference } from './release-order.js';
import { assetId, Release, releaseId, tagOf } from './release.js';

/** Releases in two orders: the most preferred first, and by what tells them apart. */
interface Releases {
  readonly preferred: OrderedBlocks<Release>;
  readonly byKey: OrderedBlocks<Release>;
  /** Bytes of all packages. */
  readonly size: number;
}

/** All releases of one snapshot of the store. What not everybody asks for is made when first asked for. */
export class ReleaseCatalog {
  private flatReleases: readonly Release[] | undefined;
  private flatAssets: readonly Package[] | undefined;

  constructor(
    /** In any order. */
    readonly packages: readonly Package[],
    private readonly found: Releases,
    private readonly order: OrderedBlocks<Package>,
  ) {}

  /** The most preferred first; last the packages without a version. */
  get releases(): readonly Release[] {
    return (this.flatReleases ??= this.releaseBlocks.flat());
  }

  /** As {@link releases}, in blocks that stay the same from one snapshot to the next but for what changed. */
  get releaseBlocks(): readonly (readonly Release[])[] {
    return this.found.preferred.blocks;
  }

  /** The release that clients get who name none; undefined for an empty store. */
  get latest(): Release | undefined {
    return this.found.preferred.first;
  }

  /** Bytes of all packages. */
  get size(): number {
    return this.found.size;
  }

  /** The packages of all releases, the most preferred first. Builds of one version (`1.2.3+a`, `1.2.3+b`) mix. */
  get assets(): readonly Package[] {
    return (this.flatAssets ??= this.assetBlocks.flat());
  }

  /** As {@link assets}, in blocks that stay the same from one snapshot to the next but for what changed. */
  get assetBlocks(): readonly (readonly Package[])[] {
    return this.order.blocks;
  }

  /** The release that a package belongs to. Throws for one of another snapshot. */
  releaseOf(stored: Package): Release {
    const release = this.byKey(versionKey(stored));
    if (release === undefined) throw new Error(`${stored.name} is of another snapshot`);
    return release;
  }

  /** The release of that version, however it is spelt: `v1.2.3` and `1.2.3` are one. */
  byTag(tag: string): Release | undefined {
    const stored = byTag.of(this.packages).find((one) => tagOf(one) < tag);
    if (stored !== undefined && tagOf(stored) === tag) return this.releaseOf(stored);
    const version = versionOf(tag);
    return version?.tag === tag ? this.byKey(version.key) : undefined;
  }

  /** The release of that id, in any of the spellings that its packages have. */
  byId(id: number): Release | undefined {
    const stored = byReleaseId.of(this.packages).find((one) => releaseIdOf(one) < id);
    return stored !== undefined && releaseIdOf(stored) === id ? this.releaseOf(stored) : undefined;
  }

  assetById(id: number): Package | undefined {
    const stored = byAssetId.of(this.packages).find((one) => assetId(one) < id);
    return stored !== undefined && assetId(stored) === id ? stored : undefined;
  }

  private byKey(key: string): Release | undefined {
    return releaseAt(this.found, key);
  }
}

/** The catalog of a snapshot, made once for all who have that list. */
export const catalogOf = oncePer(
  (packages: readonly Package[]) =>
    new ReleaseCatalog(packages, incrementalReleases.of(packages), byPreferenceOrder.of(packages)),
);

/** As {@link catalogOf}, in slices between which all other work has a turn. */
export async function prepareCatalog(packages: readonly Package[]): Promise<ReleaseCatalog> {
  await incrementalReleases.prepare(packages);
  await byPreferenceOrder.prepare(packages);
  return catalogOf(packages);
}

const byPreferenceOrder = incrementalOrder(byPreference);
/** Of packages that share a tag, that of the preferred release comes first. */
const byTag = incrementalOrder((a, b) => ascending(tagOf(a), tagOf(b)) || byPreference(a, b));
const releaseIdOf = oncePer((stored: Package) => releaseId(tagOf(stored)));
const byReleaseId = incrementalOrder((a, b) => releaseIdOf(a) - releaseIdOf(b) || byPreference(a, b));
const byAssetId = incrementalOrder((a, b) => assetId(a) - assetId(b) || newestFirst(a, b));

const incrementalReleases = new Incremental<Releases>(
  {
    preferred: new OrderedBlocks((a, b) => byPreference(a.assets[0], b.assets[0])),
    byKey: new OrderedBlocks((a, b) => ascending(keyOf(a), keyOf(b))),
    size: 0,
  },
  (before, { removed, added }) => {
    const [leaving, coming] = [Map.groupBy(removed, versionKey), Map.groupBy(added, versionKey)];
    const old: Release[] = [];
    const now: Release[] = [];
    for (const key of new Set([...leaving.keys(), ...coming.keys()])) {
      const release = releaseAt(before, key);
      const changed = Release.changed(release, leaving.get(key) ?? [], coming.get(key) ?? []);
      if (release !== undefined) old.push(release);
      if (changed !== undefined) now.push(changed);
    }
    return {
      preferred: before.preferred.changed(old, now),
      byKey: before.byKey.changed(old, now),
      size: before.size + bytesOf(now) - bytesOf(old),
    };
  },
);

/** What tells one release from another; empty for the packages without a version. */
function versionKey(stored: Package): string {
  return packageVersion(stored)?.key ?? '';
}

function keyOf({ version }: Release): string {
  return version?.key ?? '';
}

function releaseAt({ byKey }: Releases, key: string): Release | undefined {
  const release = byKey.find((one) => keyOf(one) < key);
  return release !== undefined && keyOf(release) === key ? release : undefined;
}

function bytesOf(releases: readonly Release[]): number {
  return releases.reduce((sum, { size }) => sum + size, 0);
}

function ascending(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
