import { folderTagOf, newestFirst, type Package, type ReleaseRecord } from '#storage';

import { oncePer } from './once-per.js';
import { firstIndex } from './ordered-blocks.js';
import { packageVersion, versionInTag, versionOf, type PackageVersion } from './package-version.js';
import { numericId } from './numeric-ids.js';
import { byPreference, compareRanks, ranked, type Preference, type Ranked } from './release-order.js';

/** The tag of flat packages without a version in their names. */
export const UNVERSIONED_TAG = 'latest';

/** What a release is made of. */
interface Parts {
  /** Newest first, then by name. */
  readonly assets: readonly Package[];
  /** Bytes. */
  readonly size: number;
  /** How many of the assets lie in its folder. */
  readonly inFolder: number;
  readonly record: ReleaseRecord | undefined;
  readonly isDraft: boolean;
}

/**
 * The packages in the folder of a tag and the flat ones of its version, with what is stored of it beside them; or the flat
 * packages of one version, however their names spell it. Immutable.
 */
export class Release implements Preference {
  readonly assets: readonly Package[];
  /** Bytes. */
  readonly size: number;
  readonly inFolder: number;
  readonly record: ReleaseRecord | undefined;
  /** That of its folder or record, else as its newest package spells its version. */
  readonly tag: string;
  /** That in its tag; undefined where there is none. */
  readonly version: PackageVersion | undefined;
  readonly isPrerelease: boolean;
  /** Whether only those see it who may publish. */
  readonly isDraft: boolean;
  /** When the first of it came, in milliseconds since the epoch. */
  readonly createdAt: number;
  /** When the last of it came or was changed, in milliseconds since the epoch. */
  readonly updatedAt: number;
  /** When it became public, in milliseconds since the epoch; undefined for a draft. */
  readonly publishedAt: number | undefined;
  /** What GitHub's API knows it by. */
  readonly id: number;

  private constructor({ assets, size, inFolder, record, isDraft }: Parts, id?: number) {
    const [newest, oldest] = [assets[0], assets.at(-1)];
    this.assets = assets;
    this.size = size;
    this.inFolder = inFolder;
    this.record = record;
    this.tag = record?.tag ?? (newest === undefined ? UNVERSIONED_TAG : tagOf(anyInFolder(this) ?? newest));
    this.version = newest !== undefined && !this.isTagged ? packageVersion(newest) : versionInTag(this.tag);
    this.isPrerelease = record?.isPrerelease ?? this.version?.isPrerelease ?? false;
    this.isDraft = isDraft;
    const times = [record?.createdAt, oldest?.createdAt].filter((time) => time !== undefined);
    this.createdAt = Math.min(...times);
    this.updatedAt = Math.max(newest?.createdAt ?? 0, record?.updatedAt ?? 0);
    this.publishedAt = this.isDraft ? undefined : (record?.publishedAt ?? this.createdAt);
    this.id = id ?? releaseHash(this);
  }

  /** Whether it has a folder or a record, which decide its tag. */
  get isTagged(): boolean {
    return this.inFolder > 0 || this.record !== undefined;
  }

  /** Whether its tag says more than that its packages have no version. */
  get hasTag(): boolean {
    return this.isTagged || this.version !== undefined;
  }

  get title(): string {
    return this.record?.title || this.tag;
  }

  /** Markdown. */
  get notes(): string {
    return this.record?.notes ?? '';
  }

  /** The release with that id. */
  withId(id: number): Release {
    return new Release(this, id);
  }

  /** The asset in it that is preferred to the others, and so decides where the release stands among others. */
  get preferred(): Ranked | undefined {
    return preferredOf(this);
  }

  rankedAssets(): Ranked[] {
    return this.assets.map((stored) => this.ranked(stored));
  }

  ranked(stored: Package): Ranked {
    return ranked(stored, this.record?.isPrerelease);
  }

  /** The release without some of its packages, with others and with that record; undefined where none of it is left. */
  static changed(
    before: Release | undefined,
    removed: readonly Package[],
    added: readonly Package[],
    record: ReleaseRecord | undefined,
    isDraft: boolean,
  ): Release | undefined {
    const assets = [...(before?.assets ?? [])];
    for (const stored of removed) assets.splice(placeOf(stored, assets), 1);
    for (const stored of added) assets.splice(placeOf(stored, assets), 0, stored);
    if (assets.length === 0 && record === undefined) return undefined;
    const size = (before?.size ?? 0) - bytesOf(removed) + bytesOf(added);
    const inFolder = (before?.inFolder ?? 0) - folderCount(removed) + folderCount(added);
    return new Release({ assets, size, inFolder, record, isDraft });
  }
}

/** The most preferred release first. No two are equal. */
export function byReleasePreference(a: Release, b: Release): number {
  const [ofA, ofB] = [a.preferred, b.preferred];
  return (
    compareRanks(ofA ?? a, ofB ?? b) ||
    (ofB?.stored.createdAt ?? b.createdAt) - (ofA?.stored.createdAt ?? a.createdAt) ||
    ascending(ofA?.stored.name ?? '', ofB?.stored.name ?? '') ||
    ascending(a.tag, b.tag)
  );
}

export function ascending(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** Releases whose tags have one family may be one: all spellings of a version are, other tags are for themselves. */
export function familyOf(tag: string): string {
  const version = versionOf(tag);
  return version?.tag === tag ? version.key : `tag:${tag}`;
}

/** That of the folder, else as its name spells its version. */
export function tagOf(stored: Pick<Package, 'name'>): string {
  return folderTagOf(stored) ?? packageVersion(stored)?.tag ?? UNVERSIONED_TAG;
}

/** The id of a release that shares it with no other. */
export const releaseHash = oncePer(({ tag }: Release): number => releaseId(tag));

export function releaseId(tag: string): number {
  return numericId(`release:${tag}`);
}

/** The id of an asset that shares it with no other: the same for all revisions of a package. */
export const assetHash = oncePer(({ name }: Package): number => numericId(`asset:${name}`));

/** All packages of a release have one version, but for those in the folder of a tag that is none. */
const preferredOf = oncePer((release: Release): Ranked | undefined => {
  const [newest] = release.assets;
  if (newest === undefined) return undefined;
  if (!release.isTagged || release.version?.tag === release.tag) return release.ranked(newest);
  return release.rankedAssets().reduce((best, one) => (byPreference(one, best) < 0 ? one : best));
});

function anyInFolder({ inFolder, assets }: Parts): Package | undefined {
  return inFolder === 0 ? undefined : assets.find((stored) => stored.name.includes('/'));
}

function placeOf(stored: Package, assets: readonly Package[]): number {
  return firstIndex(assets, (other) => newestFirst(other, stored) < 0);
}

function bytesOf(packages: readonly Package[]): number {
  return packages.reduce((sum, { size }) => sum + size, 0);
}

function folderCount(packages: readonly Package[]): number {
  return packages.filter(({ name }) => name.includes('/')).length;
}
