import { jest } from '@jest/globals';
import * as fc from 'fast-check';

import type { PublishCondition } from '../package-store.js';
import { StorageError } from '../storage.errors.js';
import { KEEP_ALL, keepNewest } from '../testing/packages.js';
import type { Bucket } from './bucket.js';
import { Committer } from './committer.js';
import { isRefusal } from './failure.js';
import { pruning, publishing, removal, type Change } from './index-changes.js';
import { IndexDocument } from './index-document.js';
import { IndexObject } from './index-object.js';
import { ObjectKeys } from './object-keys.js';

/** Milliseconds after which the bucket gives up a request, which the store may carry out nevertheless. */
const ANSWER = 10_000;

/** What becomes of a write: when it reaches the store, in milliseconds, and whether its answer comes back. */
interface Fate {
  readonly after: number;
  readonly isAnswered: boolean;
}

const AT_ONCE: Fate = { after: 0, isAnswered: true };

/** So many writes that are held for longer than any change is tried. */
function held(writes: number): Fate[] {
  return Array.from({ length: writes }, () => ({ after: 40_000, isAnswered: true }));
}

/** One index on a store that arbitrates, with writes that may be held on their way to it. */
class HeldStore implements Pick<Bucket, 'get' | 'put'> {
  index = IndexDocument.EMPTY;
  /** Of the writes to come; then all are done at once. */
  fates: Fate[] = [];
  /** Writes that wait for {@link land}, where that is how they reach the store. */
  readonly held: (() => void)[] = [];
  holdsForever = false;

  get(_key: string, etag?: string) {
    const { index } = this;
    const answer = { body: Buffer.concat(index.serialize()), etag: String(index.seq) };
    return Promise.resolve(etag === answer.etag ? ('unchanged' as const) : answer);
  }

  put(
    _key: string,
    body: readonly Buffer[],
    { ifMatch }: { readonly ifMatch?: string },
  ): Promise<string | undefined> {
    const { after, isAnswered } = this.fates.shift() ?? AT_ONCE;
    return new Promise((resolve, reject) => {
      const timeout = setTimeout(
        () => reject(new StorageError('storage_unavailable', 'The store does not answer.')),
        ANSWER,
      );
      const land = (): void => {
        const isLatest = ifMatch === String(this.index.seq);
        if (isLatest) this.index = IndexDocument.parse(Buffer.concat(body).toString(), new ObjectKeys(''));
        if (!isAnswered) return;
        clearTimeout(timeout);
        resolve(isLatest ? String(this.index.seq) : undefined);
      };
      if (this.holdsForever) this.held.push(land);
      else setTimeout(land, after);
    });
  }
}

/** A replica, its blobs in the store, and what it answered. */
class Replica {
  private readonly committer: Committer;

  constructor(
    store: HeldStore,
    private readonly world: World,
  ) {
    this.committer = new Committer(new IndexObject(store, new ObjectKeys('')), () => 1_000_000);
  }

  /** As the driver does it: the blob first, and away with it where the publish is refused. */
  async publish(name: string, condition: PublishCondition = 'absent', evict = KEEP_ALL): Promise<string> {
    const key = `packages/${this.world.blobs.size + this.world.deleted.size}/${name}`;
    this.world.blobs.add(key);
    const change = publishing(name, { key, size: 1, sha256: 'ff'.repeat(32) }, { condition, evict });
    const answer = await this.outcomeOf(change);
    this.world.publishes.push({ key, answer });
    if (answer === 'refused') {
      this.world.blobs.delete(key);
      this.world.deleted.add(key);
    }
    return answer;
  }

  async remove(name: string): Promise<string> {
    this.world.removals.begun++;
    const answer = await this.outcomeOf(removal(name, {}));
    if (answer === 'done') this.world.removals.done++;
    if (answer === 'refused') this.world.removals.refused++;
    return answer;
  }

  prune(keep: number): Promise<string> {
    return this.outcomeOf(pruning(keepNewest(keep)));
  }

  private async outcomeOf(change: Change<unknown>): Promise<'done' | 'refused' | 'unknown'> {
    try {
      await this.committer.commit(change);
      return 'done';
    } catch (error) {
      if (!isRefusal(error)) expect(error).toMatchObject({ code: 'storage_unavailable' });
      return isRefusal(error) ? 'refused' : 'unknown';
    }
  }
}

/** What there is beside the index, and what clients were told. */
class World {
  readonly blobs = new Set<string>();
  readonly deleted = new Set<string>();
  readonly publishes: { key: string; answer: string }[] = [];
  readonly removals = { begun: 0, done: 0, refused: 0 };

  /** What must hold of a version of the index, whatever was held up and for how long. */
  expectWhole(index: IndexDocument): void {
    const listed = [...index.packages].map(([name, { key }]) => `${name} ${key}`);
    expect(listed.filter((one) => !this.blobs.has(one.split(' ')[1] ?? ''))).toEqual([]);
    const known = index.keys();
    const keysOf = (wanted: string): string[] =>
      this.publishes.filter(({ answer }) => answer === wanted).map(({ key }) => key);
    expect(keysOf('done').filter((key) => !known.has(key))).toEqual([]);
    expect(keysOf('refused').filter((key) => known.has(key))).toEqual([]);
    const left = index.garbage.filter(({ why }) => why === 'deleted').length;
    expect(left).toBeGreaterThanOrEqual(this.removals.done);
    expect(left).toBeLessThanOrEqual(this.removals.begun - this.removals.refused);
  }
}

describe('writes of the index that the store carries out late', () => {
  let store: HeldStore;
  let world: World;
  let replica: Replica;

  beforeEach(async () => {
    jest.useFakeTimers();
    [store, world] = [new HeldStore(), new World()];
    replica = new Replica(store, world);
    const first = replica.publish('a.zip');
    await jest.runAllTimersAsync();
    expect(await first).toBe('done');
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  // Mutant: a refusal that rests on a version that an earlier write of the same change may still replace.
  it('do not list what was refused: a create beside a delete, both held for 40 s', async () => {
    store.fates = held(20);
    const removed = replica.remove('a.zip');
    await jest.advanceTimersByTimeAsync(15_000);
    const created = replica.publish('a.zip');

    await jest.advanceTimersByTimeAsync(120_000);

    expect([await removed, await created]).toEqual(['unknown', 'unknown']);
    expect(world.blobs.size).toBe(2);
    world.expectWhole(store.index);
    expect(store.index.packages.get('a.zip')?.key).toBe('packages/1/a.zip');
  });

  it('leave a refusal to who advances the index, so that none of them can take effect any more', async () => {
    store.fates = held(3);
    const removed = replica.remove('a.zip');
    await jest.advanceTimersByTimeAsync(15_000);
    const created = replica.publish('a.zip');

    await jest.advanceTimersByTimeAsync(120_000);

    // The delete has expired; the create finds the package there, and a write after which it stays there.
    expect([await removed, await created]).toEqual(['unknown', 'refused']);
    expect([...store.index.packages.keys()]).toEqual(['a.zip']);
    expect(world.blobs.size).toBe(1);
    world.expectWhole(store.index);
  });

  it('are settled by the version of another replica', async () => {
    store.fates = held(3);
    const removed = replica.remove('a.zip');
    const created = replica.publish('a.zip');
    await jest.advanceTimersByTimeAsync(12_000);
    const other = new Replica(store, world);
    store.fates = [];
    const elsewhere = other.publish('b.zip');
    await jest.advanceTimersByTimeAsync(120_000);

    expect(await elsewhere).toBe('done');
    expect([await removed, await created]).toEqual(['done', 'done']);
    world.expectWhole(store.index);
  });

  it('keep the blob of a process that died meanwhile', async () => {
    store.fates = held(3);
    void replica.remove('a.zip');
    void replica.publish('a.zip');
    await jest.advanceTimersByTimeAsync(1000);
    store.fates = [];
    // It knows nothing of what its predecessor had begun.
    const next = new Replica(store, world);
    expect(await settled(next.publish('a.zip'))).toBe('refused');
    await jest.advanceTimersByTimeAsync(120_000);
    world.expectWhole(store.index);
  });

  it.each(permutationsOf([0, 1, 2, 3]).map((order) => [order]))(
    'may land in the order %j, after some of their changes have expired',
    async (order) => {
      store.holdsForever = true;
      const answers = [replica.remove('a.zip')];
      await jest.advanceTimersByTimeAsync(15_000);
      answers.push(replica.publish('a.zip', 'absent', keepNewest(1)));
      await jest.advanceTimersByTimeAsync(17_000);
      for (const one of order) {
        store.held[one]?.();
        await jest.advanceTimersByTimeAsync(3000);
        world.expectWhole(store.index);
      }
      store.holdsForever = false;
      await jest.advanceTimersByTimeAsync(120_000);
      for (const land of store.held) land();
      await Promise.all(answers);
      world.expectWhole(store.index);
    },
  );

  it('never break what was promised, whatever is held, lost and grouped', async () => {
    const fate = fc.record({
      after: fc.constantFrom(0, 5000, 12_000, 40_000, 40_000, 40_000),
      isAnswered: fc.boolean(),
    });
    const name = fc.constantFrom('a.zip', 'b.zip');
    const step = fc.record({
      does: fc.constantFrom('create', 'overwrite', 'evict', 'remove', 'prune'),
      name,
      by: fc.nat(1),
      pause: fc.constantFrom(0, 0, 9000, 15_000),
    });
    const script = fc.record({
      fates: fc.array(fate, { minLength: 5, maxLength: 40 }),
      steps: fc.array(step, { minLength: 2, maxLength: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(script, async ({ fates, steps }) => {
        [store, world] = [new HeldStore(), new World()];
        const replicas = [new Replica(store, world), new Replica(store, world)];
        store.fates = [...fates];
        const answers: Promise<string>[] = [];
        for (const { does, name: target, by, pause } of steps) {
          const one = replicas[by] ?? replica;
          if (does === 'create') answers.push(one.publish(target));
          if (does === 'overwrite') answers.push(one.publish(target, 'any'));
          if (does === 'evict') answers.push(one.publish(target, 'absent', keepNewest(1)));
          if (does === 'remove') answers.push(one.remove(target));
          if (does === 'prune') answers.push(one.prune(1));
          await jest.advanceTimersByTimeAsync(pause);
          world.expectWhole(store.index);
        }
        for (let seconds = 0; seconds < 120; seconds += 5) {
          await jest.advanceTimersByTimeAsync(5000);
          world.expectWhole(store.index);
        }
        await Promise.all(answers);
        world.expectWhole(store.index);
      }),
      { numRuns: 200, seed: 35 },
    );
  });
});

async function settled<T>(work: Promise<T>): Promise<T> {
  await jest.advanceTimersByTimeAsync(5000);
  return work;
}

function permutationsOf(all: readonly number[]): number[][] {
  if (all.length === 0) return [[]];
  return all.flatMap((first) =>
    permutationsOf(all.filter((one) => one !== first)).map((rest) => [first, ...rest]),
  );
}
