import type { Evict } from '../eviction.js';
import type { PackageStoreHarness } from './harness.js';
import {
  KEEP_ALL,
  keepNewest,
  namesIn,
  publish,
  publishAll,
  read,
  refusalCodeOf,
  refusalOf,
} from './packages.js';

const OTHER_REVISION = `sha256:${'0'.repeat(64)}`;

export function describeRemoving(harness: PackageStoreHarness): void {
  describe('removing', () => {
    it('takes a package out, for good, and returns it', async () => {
      const store = await harness.open();
      const [a] = await publishAll(store, 'a.zip', 'b.zip');

      expect(await store.remove('a.zip')).toEqual(a);

      expect(await namesIn(store)).toEqual(['b.zip']);
      expect(await store.find('a.zip')).toBeUndefined();
      expect(await refusalCodeOf(store.open('a.zip'))).toBe('package_not_found');
      expect(await namesIn(await harness.reopen(store))).toEqual(['b.zip']);
    });

    it.each(['a.zip', '', '..', '../a.zip', 'a\0', '.hidden', 'constructor'])(
      'of %j, which is not stored, is refused',
      async (name) => {
        const store = await harness.open();

        expect(await refusalCodeOf(store.remove(name))).toBe('package_not_found');
        expect(await refusalCodeOf(store.remove(name, { condition: 'present' }))).toBe('package_not_found');
        expect(await refusalCodeOf(store.remove(name, { condition: { revisions: [OTHER_REVISION] } }))).toBe(
          'package_not_found',
        );
      },
    );

    it('of another revision than the expected one is refused and shows what is stored', async () => {
      const store = await harness.open();
      const [existing] = await publishAll(store, 'a.zip');

      const refusal = await refusalOf(store.remove('a.zip', { condition: { revisions: [OTHER_REVISION] } }));

      expect(refusal).toMatchObject({ code: 'precondition_failed', existing });
      expect(await store.list()).toEqual([existing]);
    });

    it('of one of the expected revisions succeeds', async () => {
      const store = await harness.open();
      const { package: existing } = await publish(store, 'a.zip', 'a');

      const removed = await store.remove('a.zip', {
        condition: { revisions: [OTHER_REVISION, existing.revision] },
      });

      expect(removed).toEqual(existing);
      expect(await store.list()).toEqual([]);
    });

    it('makes room for a new package of the same name', async () => {
      const store = await harness.open();
      await publish(store, 'a.zip', 'old');
      await store.remove('a.zip');

      await publish(store, 'a.zip', 'new', { condition: 'absent' });

      expect((await read(store, 'a.zip')).toString()).toBe('new');
    });

    it('at once by many succeeds for one of them', async () => {
      const store = await harness.open();
      await publishAll(store, 'a.zip');

      const outcomes = await Promise.all(
        Array.from({ length: 16 }, () =>
          store.remove('a.zip').then(
            () => 'removed',
            (error: { code: string }) => error.code,
          ),
        ),
      );

      expect(outcomes.toSorted()).toEqual([...Array<string>(15).fill('package_not_found'), 'removed']);
    });
  });

  describe('pruning', () => {
    it('takes out what is chosen with nothing incoming, for good, and returns it with the reasons', async () => {
      const store = await harness.open();
      const stored = await publishAll(store, 'a.zip', 'b.zip', 'c.zip');
      const seen: Parameters<Evict>[] = [];

      const before = Date.now();
      const pruned = await store.prune((...args) => {
        seen.push(args);
        return keepNewest(1)(...args);
      });

      const reason = 'more than 1';
      expect(pruned).toEqual(stored.slice(0, 2).map((one) => ({ package: one, reason })));
      const [packages, context] = seen.at(-1) ?? [];
      expect(packages).toHaveLength(3);
      expect(context?.incoming).toEqual([]);
      expect(context?.now).toBeGreaterThanOrEqual(before);
      expect(context?.now).toBeLessThanOrEqual(Date.now());
      expect(await namesIn(store)).toEqual(['c.zip']);
      expect(await namesIn(await harness.reopen(store))).toEqual(['c.zip']);
    });

    it('changes nothing when nothing is chosen', async () => {
      const store = await harness.open();
      await publishAll(store, 'a.zip');
      const list = await store.list();

      expect(await store.prune(KEEP_ALL)).toEqual([]);
      expect(await store.list()).toBe(list);
    });
  });
}
