import type { Evict } from '../eviction.js';
import type { ReleaseChange, ReleaseState } from '../package-store.js';
import type { ReleaseRecord } from '../release-record.js';
import { StorageError } from '../storage.errors.js';
import { FakeIndex, type Write } from '../testing/fake-index.js';
import { KEEP_ALL, keepNewest } from '../testing/packages.js';
import { Committer } from './committer.js';
import { condemning, publishing, removal, type Change } from './index-changes.js';
import { OutOfDate, removingRelease, renaming, saving } from './release-changes.js';

let keys = 0;
const publish = (name: string, evict: Evict = KEEP_ALL) =>
  publishing(name, { key: `key-${keys++}`, size: 1, sha256: 'ff' }, { condition: 'absent', evict });

function recordOf(tag: string, changes: Partial<ReleaseRecord> = {}): ReleaseRecord {
  return { tag, isDraft: false, createdAt: 1, updatedAt: 1, ...changes };
}

/** As the driver prepares it. */
function save(
  tag: string,
  record: ReleaseRecord,
  evict: Evict = KEEP_ALL,
  change: ReleaseChange = () => record,
) {
  return saving(tag, change, { record, key: `record-${keys++}`, now: 1_000_000 }, evict);
}

const ANSWERS: readonly Write[] = [
  'done',
  'done, answer lost',
  'not done, answer lost',
  'somebody was faster',
];

describe('a change of a release', () => {
  let index: FakeIndex;
  let committer: Committer;

  beforeEach(() => {
    index = new FakeIndex();
    committer = new Committer(index, () => 1_000_000);
  });

  const shown = (): { packages: string[]; drafts: string[]; releases: string[] } => {
    const { packages, drafts, releases } = index.latest.index.snapshot();
    const names = (of: typeof packages): string[] => of.map(({ name }) => name);
    return { packages: names(packages), drafts: names(drafts), releases: [...releases.keys()] };
  };

  const commitAll = async (...changes: readonly Change<unknown>[]): Promise<void> => {
    for (const change of changes) await committer.commit(change);
  };

  // Mutant: decided again after a lost answer, when the draft is public already.
  it.each(ANSWERS)(
    'publishes a draft once, with what leaves for it, where the write is: %s',
    async (write) => {
      await commitAll(
        publish('old.zip'),
        publish('older/a.zip'),
        save('v1', recordOf('v1', { isDraft: true })),
      );
      await commitAll(publish('v1/a'), publish('v1/b'));
      expect(shown()).toEqual({
        packages: ['older/a.zip', 'old.zip'],
        drafts: ['v1/b', 'v1/a'],
        releases: ['v1'],
      });
      const versions = index.written.length;
      index.writes = [write, write];

      const { record, before, published, evicted } = await committer.commit(
        save('v1', recordOf('v1', { publishedAt: 5 }), keepNewest(3)),
      );

      expect([record.isDraft, record.publishedAt, before?.isDraft]).toEqual([false, 5, true]);
      expect(published.map(({ name }) => name)).toEqual(['v1/b', 'v1/a']);
      expect(evicted.map((one) => one.package.name)).toEqual(['old.zip']);
      expect(shown()).toEqual({ packages: ['v1/b', 'v1/a', 'older/a.zip'], drafts: [], releases: ['v1'] });
      expect(index.written).toHaveLength(versions + 1);
    },
  );

  it('asks what leaves of the state on which it decides, with the records that it makes', async () => {
    await commitAll(publish('a.zip'), save('v1', recordOf('v1', { isDraft: true })), publish('v1/b.zip'));
    const asked: Parameters<Evict>[] = [];
    const evict: Evict = (...args) => {
      asked.push(args);
      return [];
    };

    const { published } = await committer.commit(save('v1', recordOf('v2'), evict));

    const [packages, context] = asked.at(-1) ?? [];
    expect(packages?.map(({ name }) => name)).toEqual(['a.zip']);
    expect(context?.incoming).toEqual(published);
    expect(published.map(({ name }) => name)).toEqual(['v2/b.zip']);
    expect([...(context?.releases.values() ?? [])]).toEqual([recordOf('v2')]);
  });

  it('asks nobody what leaves for a package that nobody sees', async () => {
    await commitAll(publish('a.zip'), save('v1', recordOf('v1', { isDraft: true })));

    const result = await committer.commit(publish('v1/b.zip', keepNewest(1)));

    expect([result.isDraft, result.evicted]).toEqual([true, []]);
    expect(shown().packages).toEqual(['a.zip']);
  });

  it('hides the packages of a release that becomes a draft, and one that is published then', async () => {
    await Promise.all([
      committer.commit(publish('v1/a')),
      committer.commit(save('v1', recordOf('v1', { isDraft: true }))),
      committer.commit(publish('v1/b')),
    ]);

    expect(shown()).toEqual({ packages: [], drafts: ['v1/b', 'v1/a'], releases: ['v1'] });
  });

  it('changes nothing where the record is to be as it is', async () => {
    const record = recordOf('v1');
    await commitAll(save('v1', record));

    const saved = await committer.commit(save('v1', record, KEEP_ALL, (state) => state.record ?? record));

    expect(saved).toEqual({ record, before: record, published: [], evicted: [] });
    expect(index.written).toHaveLength(1);
  });

  // Mutant: what was prepared is written over what another replica made of the record meanwhile.
  it('is not made of what another made of the record meanwhile', async () => {
    await commitAll(save('v1', recordOf('v1', { title: 'old' })));
    const withNotes = ({ record }: ReleaseState): ReleaseRecord => ({
      ...recordOf('v1'),
      ...record,
      notes: 'n',
    });
    const prepared = save('v1', recordOf('v1', { title: 'old', notes: 'n' }), KEEP_ALL, withNotes);
    await index.elsewhere(save('v1', recordOf('v1', { title: 'new' })));

    await expect(committer.commit(prepared)).rejects.toBeInstanceOf(OutOfDate);
    expect(index.latest.index.record('v1')?.title).toBe('new');
  });

  it('is refused by what the change throws, of a version read after it came', async () => {
    const failure = new Error('no');
    const refused = save('v1', recordOf('v1'), KEEP_ALL, () => {
      throw failure;
    });
    await expect(committer.commit(refused)).rejects.toBe(failure);
    expect(index.reads).toBe(1);
  });

  it.each(ANSWERS)(
    'moves a release with its packages to another tag where the write is: %s',
    async (write) => {
      await commitAll(save('v1', recordOf('v1')), publish('v1/a'), publish('v1/b'), publish('v10/a'));
      const [newest] = index.latest.index.inFolder('v1');
      index.writes = [write, write];

      const { record } = await committer.commit(save('v1', recordOf('cli/v1')));

      expect(record.tag).toBe('cli/v1');
      expect(shown()).toEqual({
        packages: ['v10/a', 'cli%2Fv1/b', 'cli%2Fv1/a'],
        drafts: [],
        releases: ['cli/v1'],
      });
      expect(index.latest.index.get('cli%2Fv1/b')).toEqual({ ...newest, name: 'cli%2Fv1/b' });
    },
  );

  it.each([save('v2', recordOf('v2')), publish('v2/a')])(
    'moves none to a tag that is taken: %#',
    async (taken) => {
      await commitAll(save('v1', recordOf('v1')), publish('v1/a'), taken);

      await expect(committer.commit(save('v1', recordOf('v2')))).rejects.toMatchObject({
        code: 'release_exists',
      });
      expect(shown().packages).toContain('v1/a');
    },
  );

  it.each(ANSWERS)('removes a release once, with all of it, where the write is: %s', async (write) => {
    await commitAll(save('v1', recordOf('v1')), publish('v1/a'), publish('a-v1.zip'), publish('v2/a'));
    index.writes = [write, write];
    const also = ({ record, snapshot }: ReleaseState) => {
      if (record === undefined) throw new StorageError('release_not_found', 'none');
      return snapshot.packages.filter(({ name }) => name === 'a-v1.zip');
    };

    const { record, packages } = await committer.commit(removingRelease('v1', also));

    expect([record?.tag, ...packages.map(({ name }) => name)]).toEqual(['v1', 'v1/a', 'a-v1.zip']);
    expect(shown()).toEqual({ packages: ['v2/a'], drafts: [], releases: [] });
    const { garbage, releases } = index.latest.index;
    expect(garbage.map(({ name, why }) => `${name} ${why}`)).toEqual(['a-v1.zip deleted']);
    expect(releases.garbage.map(({ name, why }) => `${name} ${why}`)).toEqual(['v1/a deleted', 'v1 record']);
    await expect(committer.commit(removingRelease('v1', also))).rejects.toMatchObject({
      code: 'release_not_found',
    });
  });

  it.each(ANSWERS)('renames a package once where the write is: %s', async (write) => {
    await commitAll(publish('v1/a'), publish('v1/b'));
    const [blob = '', stored] = [index.latest.index.entry('v1/a')?.key, index.latest.index.get('v1/a')];
    index.writes = [write, write];

    expect(await committer.commit(renaming('v1/a', 'v1/c', { blob, copy: 'copy' }))).toEqual({
      ...stored,
      name: 'v1/c',
    });
    expect(shown().packages).toEqual(['v1/b', 'v1/c']);

    await expect(
      committer.commit(renaming('v1/c', 'v1/b', { blob: 'copy', copy: 'x' })),
    ).rejects.toMatchObject({
      code: 'package_exists',
    });
    await expect(committer.commit(renaming('v1/c', 'v1/d', { blob, copy: 'x' }))).rejects.toBeInstanceOf(
      OutOfDate,
    );
    await expect(committer.commit(renaming('v1/a', 'v1/d', { blob, copy: 'x' }))).rejects.toMatchObject({
      code: 'package_not_found',
    });
  });

  it('lets the record go with the last package of its release', async () => {
    const last: Evict = (packages) => [{ package: packages[0]!, reason: 'old', endsRelease: 'v1' }];
    await commitAll(save('v1', recordOf('v1')), publish('v1/a'));
    index.writes = ['done, answer lost'];

    const { evicted } = await committer.commit(publish('b', last));

    expect(evicted).toMatchObject([{ package: { name: 'v1/a' }, reason: 'old', endsRelease: 'v1' }]);
    expect(shown()).toEqual({ packages: ['b'], drafts: [], releases: [] });
  });

  it('gives publish times that rise over public packages and drafts', async () => {
    await commitAll(
      save('v1', recordOf('v1', { isDraft: true })),
      publish('v1/a'),
      publish('b'),
      publish('v2/c'),
    );
    const { packages, drafts } = index.latest.index.snapshot();
    expect([...drafts, ...packages.toReversed()].map(({ createdAt }) => createdAt)).toEqual([
      1_000_000, 1_000_001, 1_000_002,
    ]);
  });

  it('takes no blob that was condemned as nobody’s, and tells of one that was settled late', async () => {
    await commitAll(condemning([], [{ key: 'late', name: '.release.json' }]));
    const record = recordOf('v1');
    const late = saving('v1', () => record, { record, key: 'late', now: 1 }, KEEP_ALL);

    await expect(committer.commit(late)).rejects.toMatchObject({ code: 'storage_unavailable' });
    await commitAll(publish('v1/a'), removal('v1/a', {}));
    expect(index.latest.index.releases.garbage.map(({ why }) => why)).toEqual(['orphan', 'deleted']);
    expect(index.latest.index.garbage).toEqual([]);
  });
});
