export { compareVersions, packageVersion, versionOf, type PackageVersion } from './package-version.js';
export { byPreference } from './release-order.js';
