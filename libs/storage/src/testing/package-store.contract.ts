import { describeClosing } from './closing.contract.js';
import { describePublishing } from './publishing.contract.js';
import { describeRaces } from './races.contract.js';
import { describeReading } from './reading.contract.js';
import { describeNoReleases, describeReleases } from './releases.contract.js';
import { describeRemoving } from './removing.contract.js';
import { describeStaging } from './staging.contract.js';
import type { PackageStoreHarness } from './harness.js';

/** The suite that every driver of `PackageStore` passes: call it from the driver's spec. */
export function describePackageStore(driver: string, harness: PackageStoreHarness): void {
  describe(`${driver}, as a package store`, () => {
    afterEach(() => harness.destroy());

    describeStaging(harness);
    describePublishing(harness);
    describeReading(harness);
    describeRemoving(harness);
    describeRaces(harness);
    describeClosing(harness);
    if (harness.keepsReleases === true) describeReleases(harness);
    else describeNoReleases(harness);
  });
}
