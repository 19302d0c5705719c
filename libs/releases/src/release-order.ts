import { newestFirst, type Package } from '#storage';

import { compareVersions, packageVersion, type PackageVersion } from './package-version.js';

/** What decides which of two packages, or releases, is preferred. */
export interface Preference {
  readonly version: PackageVersion | undefined;
  /** Whether its release says so; undefined where the version decides. */
  readonly isPrerelease: boolean | undefined;
}

/** A package with what its release says of it. */
export interface Ranked extends Preference {
  readonly stored: Package;
}

/** @param isPrerelease - What the record of its release says. */
export function ranked(stored: Package, isPrerelease: boolean | undefined): Ranked {
  return { stored, version: packageVersion(stored), isPrerelease };
}

/**
 * Which of two packages comes first for those who do not say which they want, and so decides what clients install, for
 * they take the first asset that fits: stable versions first, then pre-releases, both from the highest down, then names
 * without a version; within one version the newest, then by name.
 */
export function byPreference(a: Ranked, b: Ranked): number {
  return compareRanks(a, b) || newestFirst(a.stored, b.stored);
}

/** By rank and version alone. */
export function compareRanks(a: Preference, b: Preference): number {
  return (
    rank(a) - rank(b) ||
    (a.version !== undefined && b.version !== undefined ? compareVersions(b.version, a.version) : 0)
  );
}

function rank({ version, isPrerelease = version?.isPrerelease ?? false }: Preference): number {
  return (version === undefined ? 2 : 0) + Number(isPrerelease);
}
