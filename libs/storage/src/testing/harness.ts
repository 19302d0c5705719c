import type { PackageStore } from '../package-store.js';

/** What a driver brings along to be tested. */
export interface PackageStoreHarness {
  /** Whether its stores keep releases: records, drafts and folders. By default they keep packages only. */
  readonly keepsReleases?: boolean;
  /** Opens a store on fresh, empty data. */
  open(): Promise<PackageStore>;
  /** Opens another store on the data of `store`, as a server does that starts again or beside the first. */
  reopen(store: PackageStore): Promise<PackageStore>;
  /** Names, in whatever words, what uploads to `store` left that is neither published nor discarded. */
  staged(store: PackageStore): Promise<readonly string[]>;
  /** Closes every store that was opened since the last time, and removes its data. */
  destroy(): Promise<void>;
}
