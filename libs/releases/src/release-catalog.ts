import { fileOf, labelOf, type Package, type StoreSnapshot } from '#storage';

import { Incremental, type Changes } from './incremental.js';
import { NumericIds } from './numeric-ids.js';
import { oncePer } from './once-per.js';
import { OrderedBlocks } from './ordered-blocks.js';
import { Family, type FamilyChange, type FamilyItems } from './release-family.js';
import { byPreference, type Ranked } from './release-order.js';
import {
  ascending,
  assetHash,
  byReleasePreference,
  familyOf,
  releaseHash,
  tagOf,
  type Release,
} from './release.js';
import { ofSnapshots, type SnapshotItem } from './snapshot-changes.js';

/** What is derived from one snapshot. */
interface Derived {
  /** Public and drafts. */
  readonly families: OrderedBlocks<Family>;
  /** The most preferred first. */
  readonly preferred: OrderedBlocks<Release>;
  /** The public ones, the last published first. */
  readonly recent: OrderedBlocks<Release>;
  /** The newest first. */
  readonly drafts: OrderedBlocks<Release>;
  /** The public packages, the most preferred first. */
  readonly assets: OrderedBlocks<Ranked>;
  readonly releaseIds: NumericIds<Release>;
  readonly assetIds: NumericIds<Package>;
  /** Bytes of the public packages. */
  readonly size: number;
  /** See {@link ReleaseCatalog.naming}. */
  readonly naming: object;
}

/** All releases of one snapshot of the store. What not everybody asks for is made when first asked for. */
export class ReleaseCatalog {
  /** The public packages, newest first. */
  readonly packages: readonly Package[];
  /** Releases whose id is not what their tag says, as they are told of. */
  private readonly renumbered: ReadonlyMap<Release, Release>;
  private flatReleases: readonly Release[] | undefined;
  private flatRecent: readonly Release[] | undefined;
  private flatDrafts: readonly Release[] | undefined;
  private flatAssets: readonly Package[] | undefined;
  private marked: Release | undefined | null = null;

  constructor(
    readonly snapshot: StoreSnapshot,
    private readonly derived: Derived,
  ) {
    this.packages = snapshot.packages;
    this.renumbered = new Map(
      [...derived.releaseIds.resolved].map(([id, release]) => [release, release.withId(id)]),
    );
  }

  /** The public ones, the most preferred first; last those without a version. */
  get releases(): readonly Release[] {
    return (this.flatReleases ??= this.releaseBlocks.flat());
  }

  /** As {@link releases}, in blocks that stay the same from one snapshot to the next but for what changed. */
  get releaseBlocks(): readonly (readonly Release[])[] {
    return this.numbered(this.derived.preferred.blocks);
  }

  /** The public ones, the last published first. */
  get recent(): readonly Release[] {
    return (this.flatRecent ??= this.numbered(this.derived.recent.blocks).flat());
  }

  /** The releases that only those see who may publish, the newest first. */
  get drafts(): readonly Release[] {
    return (this.flatDrafts ??= this.numbered(this.derived.drafts.blocks).flat());
  }

  /** The release of the most preferred package: what clients get who name none; undefined where there is no package. */
  get latest(): Release | undefined {
    const first = this.derived.assets.first;
    return first && this.releaseOf(first.stored);
  }

  /** What GitHub calls the latest release: the one that was last marked, else the highest stable one; also one without packages. */
  get latestRelease(): Release | undefined {
    if (this.marked === null) this.marked = this.findLatestRelease();
    return this.marked;
  }

  /** Bytes of all public packages. */
  get size(): number {
    return this.derived.size;
  }

  /** The packages of all releases, the most preferred first. Builds of one version (`1.2.3+a`, `1.2.3+b`) mix. */
  get assets(): readonly Package[] {
    return (this.flatAssets ??= this.assetBlocks.flat());
  }

  /** As {@link assets}, in blocks that stay the same from one snapshot to the next but for what changed. */
  get assetBlocks(): readonly (readonly Package[])[] {
    return this.derived.assets.blocks.map(storedIn);
  }

  /**
   * Stays the same object from one snapshot to the next as long as {@link nameOf} says the same of each package that
   * stays: for what is made of packages and says these.
   */
  get naming(): object {
    return this.derived.naming;
  }

  /** What its release makes of a package: the release's tag, the package's label and its id, as one text. */
  nameOf(stored: Package): string {
    const { tag, record } = this.releaseOf(stored);
    return JSON.stringify([tag, labelOf(record, fileOf(stored)), this.assetId(stored)]);
  }

  /** The release that a package belongs to, also one of a draft. Throws for one of another snapshot. */
  releaseOf(stored: Package): Release {
    const tag = tagOf(stored);
    const draft = stored.name.includes('/') ? this.family(draftKey(tag))?.find(tag) : undefined;
    const release = draft ?? this.family(familyOf(tag))?.find(tag);
    if (release === undefined) throw new Error(`${stored.name} is of another snapshot`);
    return this.numberedOne(release);
  }

  /** The public release of that tag, or of that version however it is spelt: `v1.2.3` and `1.2.3`. */
  byTag(tag: string): Release | undefined {
    return this.numberedOne(this.family(familyOf(tag))?.find(tag));
  }

  /** The draft of exactly that tag. */
  draftByTag(tag: string): Release | undefined {
    return this.numberedOne(this.family(draftKey(tag))?.find(tag));
  }

  /** The release of that id, also a draft. */
  byId(id: number): Release | undefined {
    return this.numberedOne(this.derived.releaseIds.find(id));
  }

  /** The package of that id, also one of a draft. */
  assetById(id: number): Package | undefined {
    return this.derived.assetIds.find(id);
  }

  /** What GitHub's API knows a package by. */
  assetId(stored: Package): number {
    return this.derived.assetIds.of(stored);
  }

  private findLatestRelease(): Release | undefined {
    let [last, latest]: [number, Release | undefined] = [-Infinity, undefined];
    for (const block of this.derived.preferred.blocks) {
      const one = lastMarked(block);
      if (one === undefined || Number(one.record?.latest) <= last) continue;
      [last, latest] = [Number(one.record?.latest), one];
    }
    for (const block of latest === undefined ? this.derived.preferred.blocks : []) {
      latest = block.find(({ isPrerelease, record }) => !isPrerelease && record?.latest !== 'never');
      if (latest !== undefined) break;
    }
    return this.numberedOne(latest);
  }

  private family(key: string): Family | undefined {
    return familyAt(this.derived.families, key);
  }

  private numbered(blocks: readonly (readonly Release[])[]): readonly (readonly Release[])[] {
    return this.renumbered.size === 0
      ? blocks
      : blocks.map((block) => block.map((one) => this.numberedOne(one)));
  }

  private numberedOne<T extends Release | undefined>(release: T): T {
    return release && ((this.renumbered.get(release) as T | undefined) ?? release);
  }
}

/** The catalog of a snapshot, made once for all who have that snapshot. */
export const catalogOf = oncePer(
  (snapshot: StoreSnapshot) => new ReleaseCatalog(snapshot, incremental.of(snapshot)),
);

/** As {@link catalogOf}, in slices between which all other work has a turn. */
export async function prepareCatalog(snapshot: StoreSnapshot): Promise<ReleaseCatalog> {
  await incremental.prepare(snapshot);
  return catalogOf(snapshot);
}

const storedIn = oncePer((block: readonly Ranked[]): readonly Package[] => block.map(({ stored }) => stored));

/** Of the stable releases in a block the one that was last marked as the latest. */
const lastMarked = oncePer((block: readonly Release[]): Release | undefined =>
  block
    .filter(({ isPrerelease, record }) => !isPrerelease && typeof record?.latest === 'number')
    .toSorted((a, b) => Number(b.record?.latest) - Number(a.record?.latest))
    .at(0),
);

// A draft comes before the release of flat packages of its tag, for clients have its id already.
const releasesByHash = new OrderedBlocks<Release>(
  (a, b) =>
    releaseHash(a) - releaseHash(b) ||
    Number(a.record === undefined) - Number(b.record === undefined) ||
    a.createdAt - b.createdAt ||
    ascending(a.tag, b.tag),
);

const assetsByHash = new OrderedBlocks<Package>(
  (a, b) => assetHash(a) - assetHash(b) || a.createdAt - b.createdAt || ascending(a.name, b.name),
);

const incremental = new Incremental<StoreSnapshot, SnapshotItem, Derived>(
  ofSnapshots,
  {
    families: new OrderedBlocks((a, b) => ascending(a.key, b.key)),
    preferred: new OrderedBlocks(byReleasePreference),
    recent: new OrderedBlocks(
      (a, b) => Number(b.publishedAt) - Number(a.publishedAt) || ascending(a.tag, b.tag),
    ),
    drafts: new OrderedBlocks((a, b) => b.createdAt - a.createdAt || ascending(a.tag, b.tag)),
    assets: new OrderedBlocks(byPreference),
    // A release of flat packages and a draft may have one tag.
    releaseIds: new NumericIds(
      releasesByHash,
      releaseHash,
      ({ tag, isDraft }) => `${isDraft ? 'draft' : 'release'}:${tag}`,
    ),
    assetIds: new NumericIds(assetsByHash, assetHash, ({ name }) => `asset:${name}`),
    size: 0,
    naming: {},
  },
  change,
);

function change(before: Derived, { removed, added }: Changes<SnapshotItem>): Derived {
  const [leaving, coming] = [Map.groupBy(removed, keyOf), Map.groupBy(added, keyOf)];
  const changes = [...new Set([...leaving.keys(), ...coming.keys()])].map((key) => {
    const family = familyAt(before.families, key) ?? Family.empty(key, isDraftKey(key));
    return family.changed(itemsOf(leaving.get(key)), itemsOf(coming.get(key)));
  });
  const old = new Set(changes.flatMap((one) => one.before.releases));
  const now = new Set(changes.flatMap((one) => one.after.releases));
  const left = [...old].filter((one) => !now.has(one));
  const came = [...now].filter((one) => !old.has(one));
  const [publicLeft, publicCame] = [left.filter(isPublic), came.filter(isPublic)];
  const ranked = changes.filter(({ after }) => !after.isDraft);
  const releaseIds = before.releaseIds.changed(left, came);
  const assetIds = before.assetIds.changed(packagesIn(removed), packagesIn(added));
  const isNamedAlike =
    before.families.first !== undefined &&
    changes.every(keepsNames) &&
    releaseIds.saysAs(before.releaseIds) &&
    assetIds.saysAs(before.assetIds);
  return {
    families: before.families.changed(
      changes.map((one) => one.before).filter(hasReleases),
      changes.map((one) => one.after).filter(hasReleases),
    ),
    preferred: before.preferred.changed(publicLeft, publicCame),
    recent: before.recent.changed(publicLeft, publicCame),
    drafts: before.drafts.changed(left.filter(isHidden), came.filter(isHidden)),
    assets: before.assets.changed(
      ranked.flatMap((one) => one.left),
      ranked.flatMap((one) => one.came),
    ),
    releaseIds,
    assetIds,
    size: before.size + bytesOf(publicCame) - bytesOf(publicLeft),
    naming: isNamedAlike ? before.naming : {},
  };
}

function isPublic(release: Release): boolean {
  return !release.isDraft;
}

function isHidden(release: Release): boolean {
  return release.isDraft;
}

function hasReleases({ releases }: Family): boolean {
  return releases.length > 0;
}

function keyOf(item: SnapshotItem): string {
  if ('record' in item) return item.record.isDraft ? draftKey(item.record.tag) : familyOf(item.record.tag);
  return item.isDraft ? draftKey(tagOf(item.stored)) : familyOf(tagOf(item.stored));
}

const DRAFT = 'draft:';

function draftKey(tag: string): string {
  return `${DRAFT}${tag}`;
}

function isDraftKey(key: string): boolean {
  return key.startsWith(DRAFT);
}

function familyAt(families: OrderedBlocks<Family>, key: string): Family | undefined {
  const family = families.find((one) => one.key < key);
  return family?.key === key ? family : undefined;
}

function itemsOf(items: readonly SnapshotItem[] = []): FamilyItems {
  return {
    packages: packagesIn(items),
    records: items.flatMap((item) => ('record' in item ? [item.record] : [])),
  };
}

function packagesIn(items: readonly SnapshotItem[]): readonly Package[] {
  return items.flatMap((item) => ('stored' in item ? [item.stored] : []));
}

/** Whether the packages that stay have the tags and labels that they had. */
function keepsNames({ before, after }: FamilyChange): boolean {
  if (before.releases.length === 0 || after.releases.length === 0) return true;
  return namesIn(before) === namesIn(after);
}

function namesIn({ releases }: Family): string {
  return JSON.stringify(releases.map(({ tag, record }) => [tag, record?.labels]));
}

function bytesOf(releases: readonly Release[]): number {
  return releases.reduce((sum, { size }) => sum + size, 0);
}
