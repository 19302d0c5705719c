import type { Evict, EvictionContext } from '../eviction.js';
import type { Package } from '../package-reader.js';
import type { PublishCondition } from '../package-store.js';
import type { PackageStoreHarness } from './harness.js';
import {
  bytesOf,
  EVICT_ALL,
  KEEP_ALL,
  keepNewest,
  namesIn,
  publish,
  publishAll,
  read,
  refusalCodeOf,
  refusalOf,
  sha256Of,
  stage,
} from './packages.js';

const OTHER_REVISION = `sha256:${'0'.repeat(64)}`;

export function describePublishing(harness: PackageStoreHarness): void {
  describe('publishing', () => {
    it('makes the whole package visible, with name, size, digest and revision', async () => {
      const store = await harness.open();
      const content = bytesOf(300_000);
      const sha256 = sha256Of(content);
      const before = Date.now();

      const { package: published, replaced, evicted } = await publish(store, 'tool-v1.2.3.zip', content);

      expect(published).toEqual({
        name: 'tool-v1.2.3.zip',
        size: content.length,
        sha256,
        revision: `sha256:${sha256}`,
        createdAt: published.createdAt,
      });
      expect(published.createdAt).toBeGreaterThanOrEqual(before);
      expect({ replaced, evicted }).toEqual({ replaced: undefined, evicted: [] });
      expect(await store.list()).toEqual([published]);
      expect(await store.find('tool-v1.2.3.zip')).toEqual(published);
      expect(await read(store, 'tool-v1.2.3.zip')).toEqual(content);
    });

    it.each<[PublishCondition, string]>([
      ['present', 'precondition_failed'],
      [{ revisions: [OTHER_REVISION] }, 'precondition_failed'],
    ])('of a new name under the condition %j is refused as %s', async (condition, code) => {
      const store = await harness.open();

      expect(await refusalCodeOf(store.requireCondition('a.zip', condition))).toBe(code);
      expect(await refusalCodeOf(publish(store, 'a.zip', 'new', { condition }))).toBe(code);
      expect(await store.list()).toEqual([]);
    });

    it.each<[PublishCondition]>([['absent'], ['any']])(
      'of a new name succeeds under the condition %j',
      async (condition) => {
        const store = await harness.open();

        await expect(store.requireCondition('a.zip', condition)).resolves.toBeUndefined();
        const { replaced } = await publish(store, 'a.zip', 'new', { condition });
        expect(replaced).toBeUndefined();
      },
    );

    it.each<[PublishCondition, string]>([
      ['absent', 'package_exists'],
      [{ revisions: [] }, 'precondition_failed'],
      [{ revisions: [OTHER_REVISION] }, 'precondition_failed'],
    ])(
      'of a taken name under the condition %j is refused as %s and shows what is stored',
      async (condition, code) => {
        const store = await harness.open();
        const { package: existing } = await publish(store, 'a.zip', 'old');
        const attempts = [
          store.requireCondition('a.zip', condition),
          publish(store, 'a.zip', 'new', { condition }),
        ];

        for (const attempt of attempts) expect(await refusalOf(attempt)).toMatchObject({ code, existing });
        expect(await store.list()).toEqual([existing]);
        expect((await read(store, 'a.zip')).toString()).toBe('old');
      },
    );

    it.each<[string, (existing: Package) => PublishCondition]>([
      ['any', () => 'any'],
      ['present', () => 'present'],
      ['its revision', ({ revision }) => ({ revisions: [OTHER_REVISION, revision] })],
    ])('of a taken name under the condition %s overwrites and tells what it replaced', async (_, choose) => {
      const store = await harness.open();
      const { package: existing } = await publish(store, 'a.zip', 'old');
      const condition = choose(existing);

      await expect(store.requireCondition('a.zip', condition)).resolves.toBeUndefined();
      const { package: published, replaced } = await publish(store, 'a.zip', 'new', { condition });

      expect(replaced).toEqual(existing);
      expect(published.createdAt).toBeGreaterThan(existing.createdAt);
      expect(await store.list()).toEqual([published]);
      expect((await read(store, 'a.zip')).toString()).toBe('new');
    });

    it('has retention choose from the list that was returned, where nothing has changed since', async () => {
      const store = await harness.open();
      await publishAll(store, 'a.zip', 'b.zip');
      const list = await store.list();
      const chosenFrom: unknown[] = [];
      const evict: Evict = (packages) => {
        chosenFrom.push(packages);
        return [];
      };

      await publish(store, 'c.zip', 'c', { evict });

      expect(chosenFrom[0]).toBe(list);
    });

    it('of the bytes that are stored already is an overwrite too', async () => {
      const store = await harness.open();
      const { package: existing } = await publish(store, 'a.zip', 'same');

      const { package: published, replaced } = await publish(store, 'a.zip', 'same');

      expect(replaced).toEqual(existing);
      expect(published.revision).toBe(existing.revision);
      expect((await read(store, 'a.zip')).toString()).toBe('same');
    });

    it.each([
      '',
      '.',
      '..',
      '.hidden',
      '../a.zip',
      'a/b/c',
      'a\\b',
      '/a',
      'a.',
      'a\0b',
      'a\nb',
      'a b',
      '-a',
      'ä.zip',
      `a${'b'.repeat(200)}`,
    ])('refuses the name %j', async (name) => {
      const store = await harness.open();

      expect(await refusalCodeOf(store.requireCondition(name, 'any'))).toBe('invalid_package_name');
      expect(await refusalCodeOf(publish(store, name, 'x'))).toBe('invalid_package_name');
      expect(await store.find(name)).toBeUndefined();
      expect(await store.list()).toEqual([]);
    });

    it.each(['constructor', 'toString', 'hasOwnProperty', 'a', `a${'b'.repeat(199)}`, 'A.b_c+d@e~f-1'])(
      'takes %s as an ordinary name',
      async (name) => {
        const store = await harness.open();

        expect(await store.find(name)).toBeUndefined();
        await publish(store, name, `bytes of ${name}`, { condition: 'absent' });

        expect(await namesIn(store)).toEqual([name]);
        expect((await read(store, name)).toString()).toBe(`bytes of ${name}`);
      },
    );

    it('of staged bytes that are gone fails and changes nothing', async () => {
      const store = await harness.open();
      await publishAll(store, 'old.zip');
      const staged = await stage(store, 'gone');
      await store.discard(staged);

      const attempt = store.publish(staged, 'a.zip', { condition: 'any', evict: keepNewest(1) });

      expect(await refusalCodeOf(attempt)).toBe('storage_failed');
      expect(await namesIn(store)).toEqual(['old.zip']);
    });
  });

  describe('publishing with the time of another store', () => {
    const YEAR_2020 = Date.UTC(2020, 0, 1, 12, 0, 0, 123);

    // Mutants: the time is that of the write; it lives in memory only; it is cut to seconds.
    it('keeps it to the millisecond, also through a store that is opened later', async () => {
      const store = await harness.open();

      const { package: published } = await publish(store, 'a.zip', 'a', { createdAt: YEAR_2020 });

      expect(published.createdAt).toBe(YEAR_2020);
      expect(await store.find('a.zip')).toEqual(published);
      expect(await (await harness.reopen(store)).list()).toEqual([published]);
    });

    it('orders packages by it, whenever they came', async () => {
      const store = await harness.open();
      await publish(store, 'third.zip', '3');
      await publish(store, 'second.zip', '2', { createdAt: YEAR_2020 + 1 });
      await publish(store, 'first.zip', '1', { createdAt: YEAR_2020 });
      await publish(store, 'also-first.zip', '1', { createdAt: YEAR_2020 });

      const names = ['third.zip', 'second.zip', 'also-first.zip', 'first.zip'];
      expect(await namesIn(store)).toEqual(names);
      expect(await namesIn(await harness.reopen(store))).toEqual(names);
    });

    it('tells it to what decides on eviction', async () => {
      const store = await harness.open();
      const seen: EvictionContext['incoming'][] = [];
      const evict: Evict = (_, { incoming }) => {
        seen.push(incoming);
        return [];
      };

      await publish(store, 'a.zip', 'a', { createdAt: YEAR_2020, evict });

      expect(seen.at(-1)).toEqual([{ name: 'a.zip', size: 1, createdAt: YEAR_2020 }]);
    });

    it('overwrites with an older time where that is asked for, and refuses where it is not', async () => {
      const store = await harness.open();
      const { package: existing } = await publish(store, 'a.zip', 'new');

      const refused = publish(store, 'a.zip', 'old', { condition: 'absent', createdAt: YEAR_2020 });
      expect(await refusalOf(refused)).toMatchObject({ code: 'package_exists', existing });
      await publish(store, 'a.zip', 'old', { createdAt: YEAR_2020 });

      expect(await store.find('a.zip')).toMatchObject({ createdAt: YEAR_2020 });
      expect((await read(store, 'a.zip')).toString()).toBe('old');
    });

    // Mutant: the latest time that was given is set back to the one that was kept.
    it('never has a later publish get a time that another had', async () => {
      const store = await harness.open();
      const { package: newest } = await publish(store, 'future.zip', 'f', { createdAt: Date.now() + 60_000 });
      await publish(store, 'old.zip', 'o', { createdAt: YEAR_2020 });

      const { package: next } = await publish(store, 'next.zip', 'n');

      expect(next.createdAt).toBeGreaterThan(newest.createdAt);
      expect(await namesIn(store)).toEqual(['next.zip', 'future.zip', 'old.zip']);
    });
  });

  describe('listing', () => {
    it('is newest first, and the same array until something changes', async () => {
      const store = await harness.open();
      await publishAll(store, 'b.zip', 'c.zip', 'a.zip');

      const list = await store.list();
      expect(list.map(({ name }) => name)).toEqual(['a.zip', 'c.zip', 'b.zip']);
      expect(await store.list()).toBe(list);
      await refusalOf(publish(store, 'a.zip', 'refused', { condition: 'absent' }));
      expect(await store.list()).toBe(list);

      await publish(store, 'b.zip', 'again');
      expect(await store.list()).not.toBe(list);
      expect(await namesIn(store)).toEqual(['b.zip', 'a.zip', 'c.zip']);
      expect(list.map(({ name }) => name)).toEqual(['a.zip', 'c.zip', 'b.zip']);
    });

    it('gives every publish its own time, also to many in one millisecond', async () => {
      const store = await harness.open();
      const staged = await Promise.all(Array.from({ length: 40 }, (_, at) => stage(store, `content ${at}`)));

      const results = await Promise.all(
        staged.map((each, at) => store.publish(each, `${at}.zip`, { condition: 'absent', evict: KEEP_ALL })),
      );

      const times = new Set(results.map((result) => result.package.createdAt));
      expect(times.size).toBe(40);
      const listed = (await store.list()).map(({ createdAt }) => createdAt);
      expect(listed).toEqual([...times].toSorted((a, b) => b - a));
    });

    it('is the same through a store that is opened later, times and digests included', async () => {
      const store = await harness.open();
      await publishAll(store, 'b.zip', 'c.zip', 'a.zip');
      await publish(store, 'c.zip', bytesOf(200_000));
      await store.remove('b.zip');

      const reopened = await harness.reopen(store);

      expect(await reopened.list()).toEqual(await store.list());
      expect(await read(reopened, 'c.zip')).toEqual(bytesOf(200_000));
    });

    it('is the same after the store was closed and opened again', async () => {
      const store = await harness.open();
      await publishAll(store, 'b.zip', 'a.zip');
      const list = await store.list();
      await store.close();

      expect(await (await harness.reopen(store)).list()).toEqual(list);
    });
  });

  describe('evicting', () => {
    it('is decided on the very state on which the publish is decided', async () => {
      const store = await harness.open();
      const stored = await publishAll(store, 'a.zip', 'b.zip');
      const seen: Parameters<Evict>[] = [];
      const evict: Evict = (...args) => {
        seen.push(args);
        return [];
      };

      const { package: published } = await publish(store, 'b.zip', 'new b', { evict });

      const [packages, context] = seen.at(-1) ?? [];
      expect(packages?.toSorted((a, b) => a.createdAt - b.createdAt)).toEqual(stored);
      const { name, size, createdAt } = published;
      expect(context?.incoming).toEqual([{ name, size, createdAt }]);
    });

    it('is told the time, which is that of the publish', async () => {
      const store = await harness.open();
      const times: number[] = [];
      const evict: Evict = (_, { now }) => {
        times.push(now);
        return [];
      };

      const before = Date.now();
      const { package: published } = await publish(store, 'a.zip', 'a', { evict });
      expect(times.at(-1)).toBe(published.createdAt);
      await publish(store, 'b.zip', 'b', { evict, createdAt: Date.UTC(2020) });

      for (const now of times) {
        expect(now).toBeGreaterThanOrEqual(before);
        expect(now).toBeLessThanOrEqual(Date.now());
      }
    });

    it('takes what is chosen out in the same step and tells of it, with the reasons', async () => {
      const store = await harness.open();
      const [a, b] = await publishAll(store, 'a.zip', 'b.zip', 'c.zip');

      const { evicted } = await publish(store, 'd.zip', 'd', { evict: keepNewest(2) });

      expect(evicted).toEqual([a, b].map((one) => ({ package: one, reason: 'more than 2' })));
      expect(await namesIn(store)).toEqual(['d.zip', 'c.zip']);
      expect(await store.find('a.zip')).toBeUndefined();
      expect(await refusalCodeOf(store.open('b.zip'))).toBe('package_not_found');
      expect(await namesIn(await harness.reopen(store))).toEqual(['d.zip', 'c.zip']);
    });

    it('never takes the incoming package, even when it is chosen', async () => {
      const store = await harness.open();
      await publishAll(store, 'a.zip', 'b.zip');

      const result = await publish(store, 'a.zip', 'new a', { evict: EVICT_ALL });

      expect(result.evicted.map((one) => one.package.name)).toEqual(['b.zip']);
      expect(result.replaced?.name).toBe('a.zip');
      expect((await read(store, 'a.zip')).toString()).toBe('new a');
      expect(await namesIn(store)).toEqual(['a.zip']);
    });

    // Mutant: the packages are taken out before the condition is looked at.
    it.each<[PublishCondition, string]>([
      ['absent', 'package_exists'],
      [{ revisions: [OTHER_REVISION] }, 'precondition_failed'],
    ])('does not happen when the publish is refused under the condition %j', async (condition, code) => {
      const store = await harness.open();
      await publishAll(store, 'a.zip', 'b.zip', 'c.zip');
      const list = await store.list();

      expect(await refusalCodeOf(publish(store, 'c.zip', 'x', { condition, evict: keepNewest(1) }))).toBe(
        code,
      );

      expect(await store.list()).toEqual(list);
      expect(await (await harness.reopen(store)).list()).toEqual(list);
    });

    // Mutants: what was taken out is not put back when the name turns out to be taken by somebody else in the
    // meantime; the name is created by looking and then renaming.
    it('is undone when another store took the name since this one looked', async () => {
      const store = await harness.open();
      await publishAll(store, 'a.zip', 'b.zip');
      const other = await harness.reopen(store);
      await store.list();
      await publish(other, 'c.zip', 'of the other');

      const attempt = publish(store, 'c.zip', 'mine', { condition: 'absent', evict: keepNewest(1) });

      expect(await refusalCodeOf(attempt)).toBe('package_exists');
      const reopened = await harness.reopen(store);
      expect(await namesIn(reopened)).toEqual(['c.zip', 'b.zip', 'a.zip']);
      expect((await read(reopened, 'c.zip')).toString()).toBe('of the other');
    });

    it('that cannot be decided lets the publish fail and changes nothing', async () => {
      const store = await harness.open();
      await publishAll(store, 'a.zip');
      const failure = new Error('no policy');
      const evict = (): never => {
        throw failure;
      };

      await expect(publish(store, 'b.zip', 'b', { evict })).rejects.toBe(failure);
      expect(await namesIn(store)).toEqual(['a.zip']);
    });
  });
}
