import { QuickCalls } from '../quick-calls.js';
import { publish } from '../testing/packages.js';
import { describePackageStore } from '../testing/package-store.contract.js';
import { S3_STORE, S3Harness } from '../testing/s3.harness.js';

// Where there is no store its tests count as skipped, and their name says why.
const [describeHere, name] =
  S3_STORE === undefined
    ? [describe.skip, 'with an object store (skipped: S3_ENDPOINT names none; npm run test:s3 starts one)']
    : [describe, 'with an object store'];

describeHere(name, () => {
  describePackageStore('S3PackageStore', new S3Harness());

  // Caught: each publish waits for a disk that has nothing to keep.
  it('syncs nothing of what it sends on', async () => {
    const harness = new S3Harness();
    const store = await harness.open();
    const calls = new QuickCalls();
    const syncs: unknown[] = [];
    const creating = import.meta.jest.spyOn(QuickCalls.prototype, 'create');
    creating.mockImplementation(async (...args) => {
      creating.mockRestore();
      const file = await calls.create(...args);
      syncs.push(import.meta.jest.spyOn(file, 'sync'));
      return file;
    });
    try {
      await publish(store, 'a.zip', 'content');
    } finally {
      creating.mockRestore();
      await harness.destroy();
    }

    expect(syncs).toHaveLength(1);
    expect(syncs[0]).not.toHaveBeenCalled();
  });
});
