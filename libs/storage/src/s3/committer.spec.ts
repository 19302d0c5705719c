import type { Evict } from '../eviction.js';
import type { PublishCondition } from '../package-store.js';
import { StorageError } from '../storage.errors.js';
import { FakeIndex, type Write } from '../testing/fake-index.js';
import { KEEP_ALL, keepNewest } from '../testing/packages.js';
import { Committer } from './committer.js';
import { condemning, publishing, pruning, removal } from './index-changes.js';

let keys = 0;
function publish(name: string, condition: PublishCondition = 'absent', evict: Evict = KEEP_ALL) {
  return publishing(name, { key: `key-${keys++}`, size: 1, sha256: 'ff' }, { condition, evict });
}

describe('Committer', () => {
  let index: FakeIndex;
  let committer: Committer;

  beforeEach(() => {
    index = new FakeIndex();
    committer = new Committer(index, () => 1_000_000);
  });

  const names = (): string[] => [...index.latest.index.packages.keys()].toSorted();

  it('writes the changes of a moment together, at most 64 at once, each version with the next number', async () => {
    await Promise.all(Array.from({ length: 100 }, (_, at) => committer.commit(publish(`${at}.zip`))));

    expect(names()).toHaveLength(100);
    expect(index.written.map(({ packages }) => packages.size)).toEqual([64, 100]);
    expect(index.written.map(({ seq }) => seq)).toEqual([1, 2]);
  });

  it('gives each publish a time after all before it, whatever the clock says', async () => {
    const [a, b] = await Promise.all([committer.commit(publish('a')), committer.commit(publish('b'))]);
    const late = await new Committer(index, () => 5).commit(publish('c'));

    expect([a, b, late].map((result) => result.package.createdAt)).toEqual([1_000_000, 1_000_001, 1_000_002]);
  });

  // Mutant: the change is applied again after a lost answer, and meets itself.
  it.each<Write>(['done, answer lost', 'not done, answer lost', 'somebody was faster'])(
    'has a change in exactly once where the write is: %s',
    async (write) => {
      await committer.commit(publish('old.zip'));
      index.writes = [write, write];

      const results = await Promise.all([
        committer.commit(publish('new.zip', 'absent', keepNewest(2))),
        committer.commit(publish('newer.zip', 'absent', keepNewest(2))),
        committer.commit(removal('new.zip', {})),
      ]);

      expect(results[0].evicted).toEqual([]);
      expect(results[1].evicted).toMatchObject([{ package: { name: 'old.zip' }, reason: 'more than 2' }]);
      expect(results[2].name).toBe('new.zip');
      expect(names()).toEqual(['newer.zip']);
      expect(index.latest.index.garbage.map(({ name, why }) => `${name} ${why}`).toSorted()).toEqual([
        'new.zip deleted',
        'old.zip evicted',
      ]);
    },
  );

  it('tells what an overwrite replaced, also when its answer was lost', async () => {
    const first = await committer.commit(publish('a.zip'));
    index.writes = ['done, answer lost'];

    const second = await committer.commit(publish('a.zip', 'any'));

    expect(second.replaced).toEqual(first.package);
    expect(names()).toEqual(['a.zip']);
  });

  it('finds a publish that was overwritten before its lost answer was settled', async () => {
    index.writes = ['done, answer lost'];
    const mine = committer.commit(publish('a.zip'));
    const replace = index.replace.bind(index);
    index.replace = async (...parameters) => {
      index.replace = replace;
      try {
        return await replace(...parameters);
      } finally {
        await index.elsewhere(publish('a.zip', 'any'));
      }
    };

    expect((await mine).package.name).toBe('a.zip');
    expect(index.latest.index.garbage.map(({ why }) => why)).toEqual(['overwritten']);
  });

  // Mutant: refusing by what was seen a second ago.
  it('refuses only by a version that was read after the change came', async () => {
    await committer.commit(publish('a.zip'));
    await index.elsewhere(removal('a.zip', {}));
    expect(index.seen.index.packages.size).toBe(1);

    await committer.commit(publish('a.zip', 'absent'));
    await expect(committer.commit(publish('a.zip', 'absent'))).rejects.toMatchObject({
      code: 'package_exists',
    });
  });

  // Mutant: the second is refused at once, and then the first is not written.
  it('refuses what another of its group is in the way of only when that is written', async () => {
    index.writes = ['not done, answer lost'];
    const first = committer.commit(publish('a.zip'));
    const second = committer.commit(publish('a.zip'));
    let refused = false;
    second.catch(() => (refused = true));
    const replace = index.replace.bind(index);
    index.replace = async (...parameters) => {
      expect(refused).toBe(false);
      return replace(...parameters);
    };

    await expect(first).resolves.toBeDefined();
    await expect(second).rejects.toMatchObject({ code: 'package_exists' });
  });

  it('refuses one of a group and has the others in', async () => {
    const outcomes = await Promise.allSettled([
      committer.commit(publish('a.zip')),
      committer.commit(removal('none.zip', {})),
      committer.commit(publish('b.zip')),
    ]);

    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(names()).toEqual(['a.zip', 'b.zip']);
  });

  it('does not take a blob that was condemned as nobody’s', async () => {
    const late = publishing(
      'a.zip',
      { key: 'late', size: 1, sha256: 'ff' },
      { condition: 'absent', evict: KEEP_ALL },
    );
    await committer.commit(condemning([{ key: 'late', name: 'a.zip' }], []));

    await expect(committer.commit(late)).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(names()).toEqual([]);
  });

  it('writes nothing where a prune has nothing to do', async () => {
    await committer.commit(publish('a.zip'));
    expect(await committer.commit(pruning(KEEP_ALL))).toEqual([]);
    expect(index.written).toHaveLength(1);
  });

  it('gives up when the store takes nothing for too long, and says that it may be in', async () => {
    const impatient = new Committer(index, () => 1, 200);
    index.writes = Array<Write>(1000).fill('not done, answer lost');

    const error: unknown = await impatient.commit(publish('a.zip')).catch((reason: unknown) => reason);

    expect(error).toMatchObject({ code: 'storage_unavailable' });
    expect((error as Error).message).toContain('may have been made');
    index.writes = [];
    await impatient.commit(publish('b.zip'));
    expect(names()).toEqual(['b.zip']);
  });

  it('rejects at once what the store refuses for good', async () => {
    index.replace = () => Promise.reject(new StorageError('storage_failed', 'The bucket is gone.'));
    await expect(committer.commit(publish('a.zip'))).rejects.toMatchObject({ code: 'storage_failed' });
  });
});
