export { compareVersions, packageVersion, versionOf, type PackageVersion } from './package-version.js';
export { incrementalOrder } from './incremental.js';
export { oncePer } from './once-per.js';
export { assetId, releaseId, UNVERSIONED_TAG, type Release } from './release.js';
export { catalogOf, prepareCatalog, type ReleaseCatalog } from './release-catalog.js';
export { stableId } from './stable-id.js';
