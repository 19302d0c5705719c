export { compareVersions, packageVersion, versionOf, type PackageVersion } from './package-version.js';
export { incrementalOrder } from './incremental.js';
export { numericId } from './numeric-ids.js';
export { oncePer } from './once-per.js';
export { releaseId, tagOf, UNVERSIONED_TAG, type Release } from './release.js';
export { catalogOf, prepareCatalog, type ReleaseCatalog } from './release-catalog.js';
