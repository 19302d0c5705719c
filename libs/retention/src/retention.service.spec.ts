import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { Logger } from '@nestjs/common';

import {
  FilesystemPackageStore,
  NO_RELEASES,
  type Eviction,
  type EvictionContext,
  type Package,
  type PackageStore,
  type PublishCondition,
  type PublishResult,
} from '#storage';

import { MaxPackagesPolicy } from './max-packages.policy.js';
import type { RetentionOptions } from './retention.options.js';
import { RetentionPolicy } from './retention.policy.js';
import { RetentionService } from './retention.service.js';

/** Keeps one package of each initial. */
class OneOfEach extends RetentionPolicy {
  readonly limits = { of_each: 1 };

  selectEvictions(packages: readonly Package[], { incoming }: EvictionContext): readonly Eviction[] {
    const others = packages.filter(({ name }) => name[0] === incoming[0]?.name[0]);
    return others.map((one) => ({ package: one, reason: `one of each is enough` }));
  }
}

/** Chooses what nobody should, as a policy that is written in JavaScript may. */
class Odd extends RetentionPolicy {
  readonly limits = {};

  constructor(
    public choice: unknown,
    private readonly atStart: unknown,
  ) {
    super();
  }

  selectEvictions(_: readonly Package[], { incoming }: EvictionContext): readonly Eviction[] {
    return (incoming.length === 0 ? this.atStart : this.choice) as readonly Eviction[];
  }
}

/** What a policy may answer for a package that it names itself. */
function leaving(name: string): unknown {
  return { package: { name }, reason: `no more ${name}` };
}

describe('RetentionService', () => {
  let path: string;
  let store: PackageStore;

  beforeAll(() => {
    Logger.overrideLogger(false);
  });

  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'retention-'));
    store = await FilesystemPackageStore.open({ path, minFreeSpace: 0, readOnly: false });
  });

  afterEach(async () => {
    await store.close();
    await rm(path, { recursive: true, force: true });
  });

  function retain(options: Partial<RetentionOptions>, other?: RetentionPolicy): RetentionService {
    const all = { maxPackages: null, readOnly: false, ...options };
    return new RetentionService(other ?? new MaxPackagesPolicy(all), all);
  }

  async function publish(
    { evict }: RetentionService,
    name: string,
    condition: PublishCondition = 'absent',
  ): Promise<PublishResult> {
    const staged = await store.stage(Readable.from([Buffer.from(name)]), { maxSize: 1000 });
    return store.publish(staged, name, { condition, evict });
  }

  async function names(): Promise<string[]> {
    return (await store.list()).map(({ name }) => name);
  }

  it('keeps the newest packages up to the limit', async () => {
    const retention = retain({ maxPackages: 2 });

    const results = [];
    for (const name of ['a', 'b', 'c', 'd']) results.push(await publish(retention, name));

    expect(results.map(({ evicted }) => evicted.map((one) => one.package.name))).toEqual([
      [],
      [],
      ['a'],
      ['b'],
    ]);
    expect(await names()).toEqual(['d', 'c']);
  });

  it('keeps all of them without a limit', async () => {
    const retention = retain({ maxPackages: null });

    for (const name of ['a', 'b', 'c']) await publish(retention, name);

    expect(await names()).toEqual(['c', 'b', 'a']);
  });

  it('evicts nothing for an overwrite, which makes a package the newest', async () => {
    const retention = retain({ maxPackages: 2 });
    for (const name of ['a', 'b']) await publish(retention, name);

    const { evicted, replaced } = await publish(retention, 'a', 'present');

    expect(evicted).toEqual([]);
    expect(replaced?.name).toBe('a');
    expect(await names()).toEqual(['a', 'b']);
  });

  it('evicts nothing for a publish that is refused', async () => {
    const retention = retain({ maxPackages: 2 });
    for (const name of ['a', 'b']) await publish(retention, name);

    await expect(publish(retention, 'b', 'absent')).rejects.toMatchObject({ code: 'package_exists' });
    await expect(publish(retention, 'c', 'present')).rejects.toMatchObject({ code: 'precondition_failed' });

    expect(await names()).toEqual(['b', 'a']);
  });

  it('does not depend on the order in which a store has the packages, and leaves them as they are', () => {
    const times = { d: 4, b: 2, a: 1, c: 2 };
    const stored = Object.entries(times).map(([name, createdAt]): Package => ({
      name,
      createdAt,
      size: 1,
      sha256: undefined,
      revision: name,
    }));
    const packages = Object.freeze(stored);
    const { evict } = retain({ maxPackages: 2 });
    const context = { incoming: [], releases: NO_RELEASES, now: 1000 };

    const evicted = evict(packages, context);

    expect(evicted.map((one) => one.package.name)).toEqual(['a', 'b']);
    expect(evict(packages.toReversed(), context)).toEqual(evicted);
    expect(packages.map(({ name }) => name)).toEqual(['d', 'b', 'a', 'c']);
  });

  describe.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a promise', Promise.resolve([])],
    ['a name', 'a'],
    ['one package instead of a list', leaving('a')],
    ['packages without reasons', [{ name: 'a' }]],
    ['a package without a reason', [{ package: { name: 'a' } }]],
    ['a package that is not stored', [leaving('other')]],
    ['a stored one and one that is not', [leaving('a'), leaving('other')]],
    ['no packages', [undefined, null, 5]],
    ['a name that objects have by themselves', [leaving('__proto__')]],
  ])('with a policy that chooses %s', (_, choice) => {
    it('publishes nothing and lets nothing leave', async () => {
      const policy = new Odd([], []);
      const retention = retain({}, policy);
      await publish(retention, 'a');

      policy.choice = choice;
      await expect(publish(retention, 'b')).rejects.toThrow(/^The retention policy /);
      policy.choice = [];
      expect(await names()).toEqual(['a']);
    });

    it('lets nothing leave at a start', async () => {
      const { evict } = retain({}, new Odd([], choice));
      await publish(retain({}), 'a');

      await expect(store.prune(evict)).rejects.toThrow(/^The retention policy /);
      expect(await names()).toEqual(['a']);
    });
  });

  describe('foresees what leaves', () => {
    const stored = ['c', 'b', 'a'].map((name, age): Package => ({
      name,
      size: 1,
      sha256: undefined,
      revision: name,
      createdAt: 3 - age,
    }));
    const coming = ['x', 'y', 'z', 'zz'].map((name, at) => ({ name, size: 1, createdAt: 10 + at }));
    const foreseen = (retention: RetentionService, count: number): string[] =>
      retention
        .foresee({ packages: stored, drafts: [], releases: NO_RELEASES }, coming.slice(0, count))
        .map(({ name }) => name);

    it('for so many packages, of those that are stored', async () => {
      const retention = retain({ maxPackages: 4 });
      expect([0, 1, 2, 3].map((count) => foreseen(retention, count))).toEqual([[], [], ['a'], ['a', 'b']]);
      const small = retain({ maxPackages: 2 });
      expect(foreseen(small, 4)).toEqual(['a', 'b', 'c']);
    });

    it('but nothing where nothing is published, or where the policy fails', async () => {
      expect(foreseen(retain({ maxPackages: 1, readOnly: true }), 1)).toEqual([]);
      const policy = new Odd([], []);
      const retention = retain({}, policy);
      policy.choice = null;
      expect(foreseen(retention, 1)).toEqual([]);
      policy.selectEvictions = () => {
        throw new Error('no idea');
      };
      expect(foreseen(retention, 1)).toEqual([]);
    });
  });

  it('plans for every package, the leaving first, and changes nothing', async () => {
    const keep = retain({});
    for (const name of ['a-v1.0.0', 'b', 'c']) await publish(keep, name);
    const snapshot = await store.snapshot();

    const plan = [...retain({ maxPackages: 2 }).plan(snapshot, 5)];

    expect(plan).toMatchObject([
      { package: { name: 'a-v1.0.0' }, release: 'v1.0.0', leaves: true, leavesAt: 5 },
      { package: { name: 'c' }, release: undefined, leaves: false, reason: 'within the limits' },
      { package: { name: 'b' }, leaves: false, leavesAt: undefined },
    ]);
    expect(plan[0]?.reason).toBe('over the limit at the start');
    expect(await names()).toEqual(['c', 'b', 'a-v1.0.0']);
  });

  it('evicts what the policy chooses once, also when it is named twice, by a copy, or with the incoming one', async () => {
    const policy = new Odd([], []);
    const retention = retain({}, policy);
    for (const name of ['a', 'b']) await publish(retention, name);

    policy.choice = [leaving('a'), leaving('a'), leaving('c')];
    const { evicted } = await publish(retention, 'c');

    const whole = { name: 'a', size: 1, sha256: expect.any(String) as string };
    expect(evicted).toMatchObject([{ package: whole, reason: 'no more a' }]);
    expect(await names()).toEqual(['c', 'b']);
  });

  it('applies another policy in its place, and tells what that one goes by', async () => {
    const retention = retain({ maxPackages: 1 }, new OneOfEach());

    const results = [];
    for (const name of ['a1', 'b1', 'a2']) results.push(await publish(retention, name));

    expect(await names()).toEqual(['a2', 'b1']);
    expect(results[2]?.evicted).toMatchObject([{ package: { name: 'a1' }, reason: 'one of each is enough' }]);
    expect(retention.limits).toEqual({ of_each: 1 });
  });
});
