import { describePackageStore } from '../testing/package-store.contract.js';
import { S3_STORE, S3Harness } from '../testing/s3.harness.js';

const harness = new S3Harness();

if (S3_STORE !== undefined) describePackageStore('S3PackageStore', harness);
else it('is tested where S3_ENDPOINT names a store', () => undefined);
