import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import { StorageError } from '../storage.errors.js';
import type { Bucket } from './bucket.js';
import { IndexDocument } from './index-document.js';
import { IndexObject } from './index-object.js';
import { ObjectKeys } from './object-keys.js';

type Answer = Awaited<ReturnType<Bucket['get']>>;

const AWAY = new StorageError('storage_unavailable', 'The object store did not answer.');

/** One index, read as it is after half of the time that a request takes. */
class SlowStore implements Pick<Bucket, 'get' | 'put'> {
  seq = 0;
  /** Milliseconds for each of the reads to come; then all are answered at once. */
  delays: number[] = [];
  /** What reads are answered with instead. */
  failure: StorageError | undefined;
  /** How many of the answers to come are cut. */
  cut = 0;
  reads = 0;

  async get(_key: string, etag?: string): Promise<Answer> {
    this.reads++;
    const delay = this.delays.shift() ?? 0;
    await after(delay / 2);
    const { failure, seq } = this;
    await after(delay - delay / 2);
    if (failure !== undefined) throw failure;
    if (etag === String(seq)) return 'unchanged';
    const body = Buffer.concat(IndexDocument.EMPTY.with({ seq }).serialize());
    return { body: this.cut-- > 0 ? body.subarray(0, 9) : body, etag: String(seq) };
  }

  async put(): Promise<string> {
    return String(++this.seq);
  }
}

async function after(milliseconds: number): Promise<void> {
  if (milliseconds > 0) await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

describe('IndexObject', () => {
  let store: SlowStore;
  let index: IndexObject;
  let warned: string[];
  let said: string[];

  beforeEach(async () => {
    jest.useFakeTimers();
    store = new SlowStore();
    index = new IndexObject(store, new ObjectKeys(''));
    [warned, said] = [[], []];
    jest.spyOn(Logger.prototype, 'warn').mockImplementation((_, message) => void warned.push(message));
    jest.spyOn(Logger.prototype, 'log').mockImplementation((message) => void said.push(String(message)));
    await index.fresh();
  });

  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  const pass = (milliseconds: number) => jest.advanceTimersByTimeAsync(milliseconds);

  /** What a reader who asks now gets, and how many milliseconds later. */
  async function read(way: 'recent' | 'fresh' = 'recent'): Promise<{ seq: number; took: number }> {
    const began = performance.now();
    const { index: found } = await index[way]();
    return { seq: found.seq, took: performance.now() - began };
  }

  // Mutant: joining whatever read is in flight.
  it.each([4000, 8000])('answers nobody by a read that began long before and takes %i ms', async (delay) => {
    await pass(1000);
    store.delays = [delay];
    const slow = read();
    // The store has answered, and the answer is on its way.
    await pass(delay / 2 + 1);
    store.seq = 1;
    await pass(100);
    const next = read();
    await pass(0);

    expect(await next).toEqual({ seq: 1, took: 0 });
    await pass(delay);
    expect((await slow).seq).toBe(1);
    expect(await read()).toMatchObject({ seq: 1 });
  });

  it('shares a read that began within the trusted time', async () => {
    await pass(1000);
    store.delays = [3000];
    store.reads = 0;
    const first = read();
    await pass(999);
    const second = read();
    await pass(3000);

    expect([await first, await second]).toEqual([
      { seq: 0, took: 3000 },
      { seq: 0, took: 2001 },
    ]);
    expect(store.reads).toBe(1);
  });

  // Mutant: a version is trusted from when it arrived.
  it('trusts a version from when it was asked for', async () => {
    await pass(1000);
    store.delays = [900];
    const first = read();
    await pass(900);
    await first;
    store.seq = 1;

    expect(await read()).toEqual({ seq: 0, took: 0 });
    await pass(100);
    expect(await read()).toEqual({ seq: 1, took: 0 });
  });

  it('does not take an answer that was overtaken for the latest', async () => {
    await pass(1000);
    store.delays = [8000, 0];
    const slow = read();
    await pass(5000);
    store.seq = 1;
    const late = read('fresh');
    await pass(0);
    expect(await late).toEqual({ seq: 1, took: 0 });
    await pass(4000);

    expect(await slow).toMatchObject({ seq: 1 });
  });

  it('asks anew for who must know what is true now, and does not wait for a read that hangs', async () => {
    store.delays = [9000];
    const hanging = read('fresh');
    await pass(10);
    store.reads = 0;
    const both = [read('fresh'), read('fresh')];
    await pass(1000);

    expect(await Promise.all(both)).toEqual([
      { seq: 0, took: 990 },
      { seq: 0, took: 990 },
    ]);
    expect(store.reads).toBe(1);
    await pass(9000);
    await hanging;
  });

  it('never has more reads in flight than one a second', async () => {
    store.delays = Array<number>(100).fill(9000);
    store.reads = 0;
    const all: Promise<unknown>[] = [];
    for (let asked = 0; asked < 200; asked++) {
      await pass(20);
      all.push(read(), read('fresh'));
    }
    expect(store.reads).toBeLessThanOrEqual(10);
    await pass(20_000);
    await Promise.all(all);
  });

  describe('while the store is away', () => {
    beforeEach(async () => {
      await pass(1000);
      store.failure = AWAY;
    });

    it('goes on for half a minute with what was last known, and says how old that is', async () => {
      expect(await read()).toEqual({ seq: 0, took: 0 });
      expect(index.age).toBe(1000);
      await pass(28_000);
      expect(await read()).toMatchObject({ seq: 0 });
      expect(index.age).toBe(29_000);
      await pass(1000);
      await expect(index.recent()).rejects.toBe(AWAY);
      await expect(index.fresh()).rejects.toBe(AWAY);
    });

    it('has nobody wait to hear so again, and hears at once when it is over', async () => {
      store.delays = [5000, 5000];
      const first = read();
      await pass(5000);
      expect(await first).toEqual({ seq: 0, took: 5000 });
      expect(await read()).toEqual({ seq: 0, took: 0 });
      store.failure = undefined;
      store.seq = 1;
      await pass(5000);
      expect(await read()).toEqual({ seq: 1, took: 0 });
    });

    it('logs once that it began and once that it ended', async () => {
      for (let seconds = 0; seconds < 40; seconds++) {
        await read().catch(() => undefined);
        await pass(1000);
      }
      expect(warned).toEqual([
        'the object store does not answer: reads go on with what was last known for 30 s, and fail then',
      ]);
      store.failure = undefined;
      await pass(1000);
      await read();
      await read();
      expect(said).toEqual(['the object store answers again, after 41 s']);
      expect(index.age).toBe(0);
    });

    it('does not go on with it where the store answers that this may not be read', async () => {
      const refused = new StorageError('storage_failed', 'The credentials have no right to do this.');
      store.failure = refused;
      await expect(index.recent()).rejects.toBe(refused);
      expect(warned).toEqual([]);
    });
  });

  it('does not take it for away because of a request that others have overtaken', async () => {
    await pass(1000);
    store.delays = [8000];
    store.failure = AWAY;
    const slow = read();
    await pass(5000);
    store.failure = undefined;
    await read();
    await pass(500);
    store.seq = 1;
    await pass(3000);

    expect(await slow).toMatchObject({ seq: 0 });
    expect(warned).toEqual([]);
  });

  it('reads an answer again that was cut on its way, and believes one that is always so', async () => {
    await pass(1000);
    store.seq = 1;
    store.cut = 2;
    expect(await read()).toEqual({ seq: 1, took: 0 });
    await pass(1000);
    store.seq = 2;
    store.cut = 3;
    await expect(index.recent()).rejects.toMatchObject({ code: 'storage_failed' });
  });
});
