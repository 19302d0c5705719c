import { newestFirst, type Package } from '#storage';

import { oncePer } from './once-per.js';
import { firstIndex } from './ordered-blocks.js';
import { packageVersion, type PackageVersion } from './package-version.js';
import { stableId } from './stable-id.js';

/** The tag of packages without a version in their names. */
export const UNVERSIONED_TAG = 'latest';

/** The packages of one version, however their names spell it, or those without one. */
export class Release {
  /** As the newest package spells it; undefined for the packages without one. */
  readonly version: PackageVersion | undefined;
  readonly tag: string;
  readonly isPrerelease: boolean;
  /** Publish time of the newest package, in milliseconds since the epoch. */
  readonly createdAt: number;

  private constructor(
    /** Newest first, then by name. */
    readonly assets: readonly [Package, ...Package[]],
    /** Bytes. */
    readonly size: number,
  ) {
    const [newest] = assets;
    this.version = packageVersion(newest);
    this.tag = tagOf(newest);
    this.isPrerelease = this.version?.isPrerelease ?? false;
    this.createdAt = newest.createdAt;
  }

  /** The release without some of its packages and with others; undefined where none is left. */
  static changed(
    before: Release | undefined,
    removed: readonly Package[],
    added: readonly Package[],
  ): Release | undefined {
    const assets = [...(before?.assets ?? [])];
    for (const stored of removed) assets.splice(placeOf(stored, assets), 1);
    for (const stored of added) assets.splice(placeOf(stored, assets), 0, stored);
    if (assets.length === 0) return undefined;
    const size = (before?.size ?? 0) - bytesOf(removed) + bytesOf(added);
    return new Release(assets as [Package, ...Package[]], size);
  }
}

function placeOf(stored: Package, assets: readonly Package[]): number {
  return firstIndex(assets, (other) => newestFirst(other, stored) < 0);
}

function bytesOf(packages: readonly Package[]): number {
  return packages.reduce((sum, { size }) => sum + size, 0);
}

export function tagOf(stored: Package): string {
  return packageVersion(stored)?.tag ?? UNVERSIONED_TAG;
}

/** What GitHub's API knows a release by. */
export function releaseId(tag: string): number {
  return stableId(`release:${tag}`);
}

/** What GitHub's API knows an asset by: the same for all revisions of a package. */
export const assetId = oncePer(({ name }: Package): number => stableId(`asset:${name}`));
