import { PackageStore } from './package-store.js';
import { FilesystemHarness } from './testing/filesystem.harness.js';
import { describeNoReleases } from './testing/releases.contract.js';

const ON_RELEASES = ['rename', 'removeRelease', 'saveRelease', 'snapshot', 'peekSnapshot'] as const;

/** Stores that have none of the operations on releases, as those of extensions may. */
class PackagesOnlyHarness extends FilesystemHarness {
  override async open(): Promise<PackageStore> {
    const store = await super.open();
    for (const name of ON_RELEASES) {
      Object.defineProperty(store, name, { value: PackageStore.prototype[name] });
    }
    return store;
  }
}

const harness = new PackagesOnlyHarness();

describe('PackageStore', () => {
  afterEach(() => harness.destroy());

  describeNoReleases(harness);
});
