import { PackageStore } from './package-store.js';
import { FilesystemHarness } from './testing/filesystem.harness.js';
import { describeNoReleases } from './testing/releases.contract.js';

const { rename, removeRelease, saveRelease, snapshot, peekSnapshot } = PackageStore.prototype;

/** Stores that have none of the operations on releases, as those of extensions may. */
class PackagesOnlyHarness extends FilesystemHarness {
  override async open(): Promise<PackageStore> {
    const store = await super.open();
    return Object.assign(store, { rename, removeRelease, saveRelease, snapshot, peekSnapshot });
  }
}

const harness = new PackagesOnlyHarness();

describe('PackageStore', () => {
  afterEach(() => harness.destroy());

  describeNoReleases(harness);
});
