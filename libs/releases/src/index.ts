export { compareVersions, packageVersion, versionOf, type PackageVersion } from './package-version.js';
export { oncePer } from './once-per.js';
export { assetId, releaseId, UNVERSIONED_TAG, type Release } from './release.js';
export { catalogOf, type ReleaseCatalog } from './release-catalog.js';
export { stableId } from './stable-id.js';
