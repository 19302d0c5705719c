import { describePackageStore } from '../testing/package-store.contract.js';
import { S3_STORE, S3Harness } from '../testing/s3.harness.js';

// Where there is no store its tests count as skipped, and their name says why.
const [describeHere, name] =
  S3_STORE === undefined
    ? [describe.skip, 'with an object store (skipped: S3_ENDPOINT names none; npm run test:s3 starts one)']
    : [describe, 'with an object store'];

describeHere(name, () => {
  describePackageStore('S3PackageStore', new S3Harness());
});
