export { describePackageStore } from './package-store.contract.js';
export type { PackageStoreHarness } from './harness.js';
export { EVICT_ALL, publish, read, refusalCodeOf, stage } from './packages.js';
