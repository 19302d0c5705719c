import { compareVersions, type PackageVersion } from './package-version.js';

interface Versioned {
  readonly version: PackageVersion | undefined;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/**
 * Which of two releases, or of two packages, comes first for those who do not say which they want: stable versions
 * first, then pre-releases, both from the highest down, then names without a version; within one version the newest.
 */
export function byPreference(a: Versioned, b: Versioned): number {
  return (
    rank(a.version) - rank(b.version) ||
    (a.version !== undefined && b.version !== undefined ? compareVersions(b.version, a.version) : 0) ||
    b.createdAt - a.createdAt
  );
}

function rank(version: PackageVersion | undefined): number {
  if (version === undefined) return 2;
  return version.isPrerelease ? 1 : 0;
}
