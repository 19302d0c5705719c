import type { Package } from '#storage';

import { oncePer } from './once-per.js';
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
  /** Bytes. */
  readonly size: number;
  /** Publish time of the newest package, in milliseconds since the epoch. */
  readonly createdAt: number;

  /** @param assets - Newest first, then by name. */
  constructor(readonly assets: readonly [Package, ...Package[]]) {
    const [newest] = assets;
    this.version = packageVersion(newest);
    this.tag = tagOf(newest);
    this.isPrerelease = this.version?.isPrerelease ?? false;
    this.size = assets.reduce((sum, { size }) => sum + size, 0);
    this.createdAt = newest.createdAt;
  }
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
