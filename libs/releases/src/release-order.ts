import { newestFirst, type Package } from '#storage';

import { compareVersions, packageVersion, type PackageVersion } from './package-version.js';

/**
 * Which of two packages comes first for those who do not say which they want, and so decides what clients install, for
 * they take the first asset that fits: stable versions first, then pre-releases, both from the highest down, then names
 * without a version; within one version the newest, then by name.
 */
export function byPreference(a: Package, b: Package): number {
  const [ofA, ofB] = [packageVersion(a), packageVersion(b)];
  return (
    rank(ofA) - rank(ofB) ||
    (ofA !== undefined && ofB !== undefined ? compareVersions(ofB, ofA) : 0) ||
    newestFirst(a, b)
  );
}

function rank(version: PackageVersion | undefined): number {
  if (version === undefined) return 2;
  return version.isPrerelease ? 1 : 0;
}
