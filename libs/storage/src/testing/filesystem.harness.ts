import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { FilesystemPackageStore } from '../filesystem/filesystem.driver.js';
import type { FilesystemOptions } from '../filesystem/filesystem.options.js';
import type { PackageStore } from '../package-store.js';
import type { PackageStoreHarness } from './harness.js';

/** Stores on temporary directories. */
export class FilesystemHarness implements PackageStoreHarness {
  readonly keepsReleases = true;
  private readonly paths = new Map<PackageStore, string>();
  private readonly directories: string[] = [];

  async open(): Promise<PackageStore> {
    return this.openAt(await this.directory());
  }

  async reopen(store: PackageStore): Promise<PackageStore> {
    return this.openAt(this.pathOf(store));
  }

  async staged(store: PackageStore): Promise<readonly string[]> {
    return readdir(join(this.pathOf(store), '.release-server/incoming'));
  }

  async destroy(): Promise<void> {
    for (const store of this.paths.keys()) await store.close().catch(() => undefined);
    this.paths.clear();
    for (const path of this.directories.splice(0)) await rm(path, { recursive: true, force: true });
  }

  /** A fresh, empty directory. */
  async directory(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), 'package-store-'));
    this.directories.push(path);
    return path;
  }

  /** Opens a store on that directory, with another class than usual to have its calls observed. */
  async openAt(
    path: string,
    options: Partial<FilesystemOptions> = {},
    Store: Pick<typeof FilesystemPackageStore, 'open'> = FilesystemPackageStore,
  ): Promise<PackageStore> {
    const store = await Store.open({ path, minFreeSpace: 0, readOnly: false, ...options });
    this.paths.set(store, path);
    return store;
  }

  pathOf(store: PackageStore): string {
    const path = this.paths.get(store);
    if (path === undefined) throw new Error('this harness did not open that store');
    return path;
  }
}
