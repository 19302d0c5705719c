import type { Evict } from '../eviction.js';
import { fileOf, nameInRelease } from '../package-name.js';
import type { Package } from '../package-reader.js';
import type { PackageStore, ReleaseChange, RemovedRelease, SavedRelease } from '../package-store.js';
import type { ReleaseRecord } from '../release-record.js';
import { StorageError } from '../storage.errors.js';
import type { PackageStoreHarness } from './harness.js';
import {
  contentOf,
  EVICT_ALL,
  KEEP_ALL,
  keepNewest,
  namesIn,
  publish,
  publishAll,
  read,
  refusalCodeOf,
  refusalOf,
} from './packages.js';

const A = nameInRelease('v1', 'a.zip');
const B = nameInRelease('v1', 'b.zip');

/** A change to these fields, of the record that is there or of a new one. */
function to(fields: Partial<ReleaseRecord>, tag = 'v1'): ReleaseChange {
  return ({ record, now }) => ({
    tag,
    isDraft: false,
    createdAt: now,
    publishedAt: fields.isDraft === true ? undefined : now,
    ...record,
    updatedAt: now,
    ...fields,
  });
}

const DRAFT = to({ isDraft: true });
const PUBLIC = to({ isDraft: false });

async function save(
  store: PackageStore,
  change: ReleaseChange,
  { tag = 'v1', evict = KEEP_ALL }: { tag?: string; evict?: Evict } = {},
): Promise<SavedRelease> {
  return store.saveRelease(tag, change, { evict });
}

async function draftsIn(store: PackageStore): Promise<string[]> {
  return (await store.snapshot()).drafts.map(({ name }) => name);
}

async function recordOf(store: PackageStore, tag = 'v1'): Promise<ReleaseRecord | undefined> {
  return (await store.snapshot()).releases.get(tag);
}

function inFolder(packages: readonly Package[]): Package[] {
  return packages.filter(({ name }) => name.startsWith('v1/'));
}

export function describeReleases(harness: PackageStoreHarness): void {
  describe('packages in the folder of a release', () => {
    it('are packages like others, under the name of the folder', async () => {
      const store = await harness.open();
      const { package: flat } = await publish(store, 'a.zip', 'flat');
      const { package: published } = await publish(store, A, 'in a folder');

      expect(published).toMatchObject({ name: 'v1/a.zip', size: 11 });
      expect(fileOf(published)).toBe('a.zip');
      expect(published.createdAt).toBeGreaterThan(flat.createdAt);
      for (const one of [store, await harness.reopen(store)]) {
        expect(await one.list()).toEqual([published, flat]);
        expect(await one.find(A)).toEqual(published);
        expect((await read(one, A)).toString()).toBe('in a folder');
        expect((await read(one, 'a.zip')).toString()).toBe('flat');
        expect((await one.snapshot()).releases.size).toBe(0);
      }
    });

    it('are refused, replaced and removed by the same conditions', async () => {
      const store = await harness.open();
      await publish(store, A, 'old');
      expect(await refusalCodeOf(store.requireCondition(A, 'absent'))).toBe('package_exists');
      expect(await refusalCodeOf(publish(store, A, 'new', { condition: 'absent' }))).toBe('package_exists');
      const { replaced } = await publish(store, A, 'new', { condition: 'present' });
      expect(replaced?.name).toBe(A);
      expect((await read(store, A)).toString()).toBe('new');

      await store.remove(A);

      expect(await refusalCodeOf(store.remove(A))).toBe('package_not_found');
      expect(await namesIn(await harness.reopen(store))).toEqual([]);
      await publish(store, A, 'again', { condition: 'absent' });
      expect(await namesIn(store)).toEqual([A]);
    });

    it('leave by retention with all others, oldest first', async () => {
      const store = await harness.open();
      await publishAll(store, 'flat.zip', A, B);
      const { evicted } = await publish(store, nameInRelease('v2', 'a.zip'), 'new', {
        evict: keepNewest(2),
      });
      expect(evicted.map((one) => one.package.name)).toEqual(['flat.zip', A]);
      expect(await namesIn(await harness.reopen(store))).toEqual(['v2/a.zip', B]);
    });

    it.each(['cli/v1.2.0', 'größe/ß', 'a%b', "it's", '@', 'x'.repeat(200)])(
      'may have the tag %s',
      async (tag) => {
        const store = await harness.open();
        await save(store, to({ title: tag }, tag), { tag });
        await publish(store, nameInRelease(tag, 'a.zip'), 'a');
        const again = await harness.reopen(store);
        expect(await namesIn(again)).toEqual([nameInRelease(tag, 'a.zip')]);
        expect((await recordOf(again, tag))?.title).toBe(tag);
      },
    );

    it.each(['', '.', '..', 'a/../b', '../b', '/a', 'a/', 'a//b', 'a\0', '-a', 'a b', 'a.', 'x'.repeat(201)])(
      'may not have the tag %j',
      async (tag) => {
        const store = await harness.open();
        expect(await refusalCodeOf(save(store, DRAFT, { tag }))).toBe('invalid_release_tag');
        expect(await refusalCodeOf(publish(store, `${tag}/a.zip`, 'a'))).toBe('invalid_package_name');
        expect((await store.snapshot()).releases.size).toBe(0);
      },
    );

    it('are asked about, in the very step, whether they may leave their names', async () => {
      const store = await harness.open();
      const refuse = (isDraft: boolean): never => {
        throw new Error(isDraft ? 'a draft' : 'public');
      };
      await save(store, DRAFT);
      await publish(store, A, 'a');
      for (const said of ['a draft', 'public']) {
        await expect(store.remove(A, { check: refuse })).rejects.toThrow(said);
        await expect(store.rename(A, 'c.zip', { check: refuse })).rejects.toThrow(said);
        await save(store, PUBLIC);
      }
      expect(await namesIn(store)).toEqual([A]);
    });

    it('have other file names, with the same bytes and times, when they are renamed', async () => {
      const store = await harness.open();
      const { package: before } = await publish(store, A, 'a');
      await publish(store, B, 'b');
      expect(await refusalCodeOf(store.rename(A, 'b.zip'))).toBe('package_exists');
      expect(await refusalCodeOf(store.rename(A, '../c'))).toBe('invalid_package_name');
      expect(await refusalCodeOf(store.rename(nameInRelease('v1', 'none'), 'c'))).toBe('package_not_found');
      const heard: string[] = [];

      const renamed = await store.rename(A, 'c.zip', { committed: ({ name }) => heard.push(name) });

      expect(renamed).toMatchObject({ name: 'v1/c.zip', size: 1, createdAt: before.createdAt });
      expect(heard).toEqual(['v1/c.zip']);
      for (const one of [store, await harness.reopen(store)]) {
        expect(await namesIn(one)).toEqual([B, 'v1/c.zip']);
        expect((await read(one, 'v1/c.zip')).toString()).toBe('a');
      }
    });
  });

  describe('the record of a release', () => {
    it('is stored as it was made, with or without packages', async () => {
      const store = await harness.open();
      const fields = {
        title: 'First "one"',
        notes: '# Notes\n<script>alert(1)</script> \u202e ü',
        isPrerelease: true,
        latest: 'never' as const,
        target: 'main',
        author: 'ci',
        labels: { 'a.zip': 'All of it', constructor: 'y' },
      };
      const before = Date.now();
      const { record, before: none, published, evicted } = await save(store, to(fields));

      expect({ none, published, evicted }).toEqual({ none: undefined, published: [], evicted: [] });
      expect(record).toMatchObject({ tag: 'v1', isDraft: false, ...fields });
      expect(record.createdAt).toBeGreaterThanOrEqual(before);
      expect(await recordOf(store)).toEqual(record);
      expect(await recordOf(await harness.reopen(store))).toEqual(record);
    });

    it('is decided on what is stored, and refused by what the change throws, which changes nothing', async () => {
      const store = await harness.open();
      await publish(store, 'flat.zip', 'f');
      await publish(store, A, 'a');
      await save(store, to({ notes: 'one' }));
      const snapshot = await store.snapshot();
      const refused = new StorageError('release_exists', 'There is one.');

      const attempt = save(store, (state) => {
        expect(state.record).toEqual(snapshot.releases.get('v1'));
        expect(state.packages.map(({ name }) => name)).toEqual([A]);
        expect(state.snapshot.packages).toHaveLength(2);
        throw refused;
      });

      expect(await refusalOf(attempt)).toBe(refused);
      expect(await recordOf(store)).toEqual(snapshot.releases.get('v1'));
      expect(await namesIn(store)).toEqual([A, 'flat.zip']);
    });

    it('makes a new snapshot when it changes, and none when it stays', async () => {
      const store = await harness.open();
      await publish(store, A, 'a');
      await save(store, to({ notes: 'one' }));
      const first = await store.snapshot();
      expect(await store.snapshot()).toBe(first);
      expect(Object.isFrozen(first.releases.get('v1'))).toBe(true);

      const same = await save(store, ({ record }) => record as ReleaseRecord);
      expect(same.record).toEqual(first.releases.get('v1'));
      expect(await store.snapshot()).toBe(first);

      await save(store, to({ notes: 'two' }));
      const second = await store.snapshot();
      expect(second).not.toBe(first);
      expect(second.releases.get('v1')?.notes).toBe('two');
      // What was read before stays as it was.
      expect(first.releases.get('v1')?.notes).toBe('one');
      expect(second.packages).toEqual(first.packages);
    });

    it('moves the release to another tag, which must be free', async () => {
      const store = await harness.open();
      await publish(store, A, 'a');
      await publish(store, nameInRelease('v2', 'a.zip'), 'b');
      await save(store, to({ notes: 'kept' }));
      expect(await refusalCodeOf(save(store, to({ tag: 'v2' })))).toBe('release_exists');
      expect(await refusalCodeOf(save(store, to({ tag: '..' })))).toBe('invalid_release_tag');

      const { record } = await save(store, to({ tag: 'cli/v1' }));

      expect(record).toMatchObject({ tag: 'cli/v1', notes: 'kept' });
      for (const one of [store, await harness.reopen(store)]) {
        expect((await namesIn(one)).toSorted()).toEqual(['cli%2Fv1/a.zip', 'v2/a.zip']);
        expect([...(await one.snapshot()).releases.keys()]).toEqual(['cli/v1']);
        expect((await read(one, 'cli%2Fv1/a.zip')).toString()).toBe('a');
      }
    });

    it('tells of a draft that is published under another tag as it is then', async () => {
      const store = await harness.open();
      await publish(store, 'flat.zip', 'f');
      await save(store, DRAFT);
      await publish(store, A, 'a');
      const asked: string[][] = [];
      const evict: Evict = ({ length }, { incoming, snapshot, releases }) => {
        asked.push(incoming.map(({ name }) => name));
        expect(snapshot?.packages.length ?? length).toBe(length);
        expect(releases.get('v2')?.isDraft).toBe(false);
        return [];
      };

      const { published } = await save(store, to({ tag: 'v2', isDraft: false }), { evict });

      expect(published.map(({ name }) => name)).toEqual(['v2/a.zip']);
      expect(asked.at(-1)).toEqual(['v2/a.zip']);
    });
  });

  describe('a draft', () => {
    it('shows its packages to nobody who does not ask for drafts', async () => {
      const store = await harness.open();
      await publish(store, 'flat.zip', 'f');
      await save(store, DRAFT);
      const { isDraft, evicted } = await publish(store, A, 'hidden', { evict: EVICT_ALL });

      expect({ isDraft, evicted }).toEqual({ isDraft: true, evicted: [] });
      for (const one of [store, await harness.reopen(store)]) {
        expect(await namesIn(one)).toEqual(['flat.zip']);
        expect(await one.find(A)).toBeUndefined();
        expect(await refusalCodeOf(one.open(A))).toBe('package_not_found');
        expect(one.peekContent(A)).toBeUndefined();
        expect(await draftsIn(one)).toEqual([A]);
        expect((await one.find(A, { drafts: true }))?.name).toBe(A);
        expect((await contentOf(await one.open(A, { drafts: true }))).toString()).toBe('hidden');
      }
    });

    it('is what may be published to alone, by refusing what becomes public', async () => {
      const store = await harness.open();
      await save(store, DRAFT);
      const refused = new StorageError('release_not_found', 'There is no draft.');
      const evict = (): never => {
        throw refused;
      };

      await publish(store, A, 'a', { evict });
      await expect(publish(store, nameInRelease('v2', 'a.zip'), 'a', { evict })).rejects.toBe(refused);
      await save(store, PUBLIC);
      await expect(publish(store, B, 'b', { evict })).rejects.toBe(refused);
      for (const one of [store, await harness.reopen(store)]) {
        expect(await namesIn(one)).toEqual([A]);
        expect([...(await one.snapshot()).releases.keys()]).toEqual(['v1']);
      }
    });

    it('can be corrected: packages are refused, replaced and removed as public ones', async () => {
      const store = await harness.open();
      await save(store, DRAFT);
      await publish(store, A, 'old');
      expect(await refusalCodeOf(publish(store, A, 'new', { condition: 'absent' }))).toBe('package_exists');
      expect((await publish(store, A, 'new')).replaced?.name).toBe(A);
      await publish(store, B, 'b');
      await store.remove(B);
      expect(await draftsIn(store)).toEqual([A]);
      expect((await contentOf(await store.open(A, { drafts: true }))).toString()).toBe('new');
    });

    it('becomes public as a whole, and what retention chooses leaves with that', async () => {
      const store = await harness.open();
      await publishAll(store, '1.zip', '2.zip');
      await save(store, DRAFT);
      await publishAll(store, A, B);
      const seen: Parameters<Evict>[] = [];
      const heard: SavedRelease[] = [];

      const saved = await store.saveRelease('v1', PUBLIC, {
        evict: (...asked) => {
          seen.push(asked);
          return keepNewest(3)(...asked);
        },
        committed: (result) => heard.push(result),
      });

      expect(saved.published.map(({ name }) => name).toSorted()).toEqual([A, B]);
      expect(saved.evicted.map((one) => one.package.name)).toEqual(['1.zip']);
      expect(heard).toEqual([saved]);
      const [packages, context] = seen.at(-1) ?? [];
      expect(packages?.map(({ name }) => name).toSorted()).toEqual(['1.zip', '2.zip']);
      expect(context?.incoming.map(({ name }) => name).toSorted()).toEqual([A, B]);
      expect(context?.releases.get('v1')?.isDraft).toBe(false);
      for (const one of [store, await harness.reopen(store)]) {
        expect(await namesIn(one)).toEqual([B, A, '2.zip']);
        expect(await draftsIn(one)).toEqual([]);
        expect((await recordOf(one))?.isDraft).toBe(false);
      }
    });

    it('stays a draft when retention refuses', async () => {
      const store = await harness.open();
      await publish(store, 'flat.zip', 'f');
      await save(store, DRAFT);
      await publish(store, A, 'a');
      const refused = new StorageError('insufficient_storage', 'No room.');
      const evict: Evict = () => {
        throw refused;
      };
      expect(await refusalOf(save(store, PUBLIC, { evict }))).toBe(refused);
      expect(await namesIn(store)).toEqual(['flat.zip']);
      expect(await draftsIn(store)).toEqual([A]);
      expect((await recordOf(store))?.isDraft).toBe(true);
    });

    it('is what a public release can become again', async () => {
      const store = await harness.open();
      await publish(store, A, 'a');
      await save(store, PUBLIC);
      await save(store, DRAFT);
      expect(await namesIn(store)).toEqual([]);
      expect(await draftsIn(await harness.reopen(store))).toEqual([A]);
    });
  });

  describe('removing a release', () => {
    it('takes its record, the packages in its folder and what is chosen beside', async () => {
      const store = await harness.open();
      await publishAll(store, 'a-v1.zip', 'b-v2.zip', A, B, 'v2/a.zip');
      await save(store, to({ notes: 'one' }));
      const heard: number[] = [];

      const removed = await store.removeRelease(
        'v1',
        ({ snapshot, packages, record }) => {
          expect(packages.map(({ name }) => name).toSorted()).toEqual([A, B]);
          expect(record?.notes).toBe('one');
          return snapshot.packages.filter(({ name }) => name === 'a-v1.zip');
        },
        ({ packages }) => heard.push(packages.length),
      );

      expect(removed.record?.notes).toBe('one');
      expect(removed.packages.map(({ name }) => name).toSorted()).toEqual(['a-v1.zip', A, B].toSorted());
      expect(heard).toEqual([3]);
      for (const one of [store, await harness.reopen(store)]) {
        expect(await namesIn(one)).toEqual(['v2/a.zip', 'b-v2.zip']);
        expect(await recordOf(one)).toBeUndefined();
        expect(await refusalCodeOf(one.open(A))).toBe('package_not_found');
      }
      await publish(store, A, 'again', { condition: 'absent' });
      expect((await read(store, A)).toString()).toBe('again');
    });

    it('changes nothing where the choice refuses', async () => {
      const store = await harness.open();
      await publishAll(store, A, 'flat.zip');
      const refused = new StorageError('release_not_found', 'None.');
      const attempt = store.removeRelease('v1', () => {
        throw refused;
      });
      expect(await refusalOf(attempt)).toBe(refused);
      expect(await namesIn(await harness.reopen(store))).toEqual(['flat.zip', A]);
    });

    it('happens with the eviction of its last package, where retention says so', async () => {
      const store = await harness.open();
      await publish(store, A, 'a');
      await save(store, to({ notes: 'one' }));
      await save(store, to({ notes: 'draft', isDraft: true }, 'v0'), { tag: 'v0' });
      const evict: Evict = (packages) =>
        inFolder(packages).map((one) => ({ package: one, reason: 'old', endsRelease: 'v1' }));
      await publish(store, 'new.zip', 'n', { evict });
      const again = await harness.reopen(store);
      expect(await namesIn(again)).toEqual(['new.zip']);
      expect([...(await again.snapshot()).releases.keys()]).toEqual(['v0']);
      await publish(store, A, 'a');
      await save(store, to({ notes: 'two' }));
      await store.prune(evict);
      expect([...(await (await harness.reopen(store)).snapshot()).releases.keys()]).toEqual(['v0']);
    });
  });

  describe('releases at the same time', () => {
    const createOnly: ReleaseChange = (state) => {
      if (state.record !== undefined) throw new StorageError('release_exists', 'There is one.');
      return DRAFT(state);
    };

    it('64 creates of one tag end with one success', async () => {
      const store = await harness.open();
      const attempts = Array.from({ length: 64 }, async () => save(store, createOnly));
      const outcomes = await Promise.allSettled(attempts);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const { reason } of outcomes.filter((one) => one.status === 'rejected')) {
        expect(reason).toMatchObject({ code: 'release_exists' });
      }
    });

    // Mutants: packages of a draft enter the list one by one; a snapshot is taken in two looks.
    it('readers see all of a release that comes and goes, or none of it', async () => {
      const store = await harness.open();
      const names = Array.from({ length: 12 }, (_, at) => nameInRelease('v1', `${at}.zip`));
      let isDone = false;
      const seen = new Set<number>();
      const reader = async (): Promise<void> => {
        while (!isDone) {
          const { packages, drafts, releases } = await store.snapshot();
          const isPublic = releases.get('v1')?.isDraft === false;
          seen.add(inFolder(packages).length);
          expect(inFolder(packages).length).toBe(isPublic ? names.length : 0);
          if (isPublic) expect(drafts).toEqual([]);
          await new Promise(setImmediate);
        }
      };
      const reading = Promise.all([reader(), reader()]);
      for (let round = 0; round < 5; round++) {
        await save(store, DRAFT);
        for (const name of names) await publish(store, name, `${round}`);
        await save(store, PUBLIC);
        await new Promise(setImmediate);
        await store.removeRelease('v1', () => []);
        await new Promise(setImmediate);
      }
      isDone = true;
      await reading;
      expect(seen).toContain(0);
      expect(await harness.staged(store)).toEqual([]);
    });

    it('uploads into a release that is removed or published leave what their answers say', async () => {
      const store = await harness.open();
      for (let round = 0; round < 4; round++) {
        await save(store, DRAFT);
        const uploads = Array.from({ length: 8 }, (_, at) =>
          publish(store, nameInRelease('v1', `${at}.zip`), `${at}`, { condition: 'absent' }),
        );
        const change = round % 2 === 0 ? save(store, PUBLIC) : store.removeRelease('v1', () => []);
        const published = await Promise.all(uploads);
        const changed = await change;
        expect(published).toHaveLength(8);
        const { packages, drafts, releases } = await (await harness.reopen(store)).snapshot();
        if (round % 2 === 0) {
          expect([packages.length, drafts.length]).toEqual([8, 0]);
        } else {
          // What came after the removal stands on its own, and is public.
          expect(releases.get('v1')).toBeUndefined();
          expect(drafts).toEqual([]);
          const gone = (changed as RemovedRelease).packages;
          const all = [...gone, ...packages].map(({ name }) => name);
          expect(all.toSorted()).toEqual(published.map((one) => one.package.name).toSorted());
        }
        await store.removeRelease('v1', () => []);
      }
    });
  });
}

/** Of stores that keep packages only. */
export function describeNoReleases(harness: PackageStoreHarness): void {
  it('refuses releases in words, as a store that keeps packages only', async () => {
    const store = await harness.open();
    await publish(store, 'a.zip', 'a');
    const attempts = [
      save(store, DRAFT),
      store.removeRelease('v1', () => []),
      store.rename('a.zip', 'b.zip'),
    ];
    for (const attempt of attempts) expect(await refusalCodeOf(attempt)).toBe('releases_unsupported');
    const { packages, drafts, releases } = await store.snapshot();
    expect([packages, drafts, releases.size]).toEqual([await store.list(), [], 0]);
  });
}
