import type { PackageStore } from './package-store.js';

export interface StorageOptions {
  /** Opens the store of the driver that was chosen, such as `FilesystemPackageStore.open(…)`. */
  readonly open: () => Promise<PackageStore>;
}

/** Injection token of {@link StorageOptions}. */
export const STORAGE_OPTIONS = Symbol('STORAGE_OPTIONS');
