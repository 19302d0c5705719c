import type { PackageStoreHarness } from './harness.js';
import { bodyOf, bytesOf, KEEP_ALL, MAX_SIZE, namesIn, publishAll, stage } from './packages.js';

export function describeClosing(harness: PackageStoreHarness): void {
  describe('closing', () => {
    // Mutant: what a write still needs is let go before the write is answered.
    it('waits for publishes and removals that are in flight', async () => {
      const store = await harness.open();
      await publishAll(store, 'a.zip', 'b.zip');
      const staged = await Promise.all(Array.from({ length: 10 }, (_, at) => stage(store, `content ${at}`)));
      const writes = [
        ...staged.map((each, at) =>
          store.publish(each, `${at}.zip`, { condition: 'any', evict: KEEP_ALL }).then(() => 'done'),
        ),
        store.remove('a.zip').then(() => 'done'),
      ];

      await store.close();

      expect(await Promise.all(writes)).toEqual(Array<string>(11).fill('done'));
      const reopened = await harness.reopen(store);
      expect((await namesIn(reopened)).toSorted()).toEqual([
        ...Array.from({ length: 10 }, (_, at) => `${at}.zip`),
        'b.zip',
      ]);
    });

    it('waits for an upload that is being received', async () => {
      const store = await harness.open();
      const staging = store.stage(bodyOf(bytesOf(500_000)), { maxSize: MAX_SIZE });

      await store.close();

      const reopened = await harness.reopen(store);
      await expect(staging).resolves.toMatchObject({ size: 500_000 });
      expect(await reopened.list()).toEqual([]);
    });

    it('can be done twice', async () => {
      const store = await harness.open();
      const staged = await stage(store, 'a');
      await store.publish(staged, 'a.zip', { condition: 'any', evict: KEEP_ALL });

      await store.close();
      await expect(store.close()).resolves.toBeUndefined();
    });
  });
}
