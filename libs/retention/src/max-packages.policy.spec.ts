import { newestFirst, NO_RELEASES, type IncomingPackage, type Package } from '#storage';

import { MaxPackagesPolicy } from './max-packages.policy.js';
import type { RetentionContext } from './retention.policy.js';

/** Packages by name and publish time, newest first. */
function stored(times: Readonly<Record<string, number>>): Package[] {
  const packages = Object.entries(times).map(([name, createdAt]) => ({
    name,
    createdAt,
    size: 1,
    sha256: undefined,
    revision: `${name}-${createdAt}`,
  }));
  return packages.toSorted(newestFirst);
}

function contextOf(packages: readonly Package[], incoming: IncomingPackage | undefined): RetentionContext {
  return {
    incoming: incoming === undefined ? [] : [incoming],
    releases: NO_RELEASES,
    snapshot: { packages, drafts: [], releases: NO_RELEASES },
    now: 1000,
    find: (name) => packages.find((one) => one.name === name),
  };
}

function evictions(
  maxPackages: number | null,
  packages: Readonly<Record<string, number>>,
  incoming?: { readonly name: string; readonly createdAt: number },
): string[] {
  const policy = new MaxPackagesPolicy({ maxPackages });
  const arriving = incoming === undefined ? undefined : { ...incoming, size: 1 };
  const all = stored(packages);
  const evicted = policy.selectEvictions(all, contextOf(all, arriving));
  return evicted.map((one) => one.package.name);
}

describe('MaxPackagesPolicy', () => {
  const NEW = { name: 'new', createdAt: 100 };

  it.each<[string, number | null, Readonly<Record<string, number>>, typeof NEW | undefined, string[]]>([
    ['nothing without a limit', null, { a: 1, b: 2, c: 3 }, NEW, []],
    ['nothing from an empty store', 1, {}, NEW, []],
    ['nothing while there is room', 5, { a: 1, b: 2, c: 3, d: 4 }, NEW, []],
    ['the oldest for one more than the limit', 5, { c: 3, a: 1, e: 5, b: 2, d: 4 }, NEW, ['a']],
    ['everything else under a limit of one', 1, { a: 1, b: 2 }, NEW, ['a', 'b']],
    ['the only one under a limit of one', 1, { a: 1 }, NEW, ['a']],
    [
      'as many as a lowered limit asks for, oldest first',
      2,
      { c: 3, a: 1, d: 4, b: 2 },
      NEW,
      ['a', 'b', 'c'],
    ],
    ['nothing for an overwrite', 2, { a: 1, new: 2 }, NEW, []],
    ['nothing for an overwrite under a limit of one', 1, { new: 2 }, NEW, []],
    ['nothing for an overwrite under a lowered limit', 1, { a: 1, b: 2, new: 3 }, NEW, []],
    ['of packages of one age the first by name', 2, { b: 1, a: 1, c: 1 }, NEW, ['a', 'b']],
    ['by code point and not by locale', 1, { b: 1, B: 1, a: 1 }, undefined, ['B', 'a']],
    ['by age before name', 2, { a: 2, z: 1 }, NEW, ['z']],
    ['the oldest also where all are newer than the incoming one', 2, { a: 500, b: 400 }, NEW, ['b']],
    ['nothing at a start within the limit', 3, { a: 1, b: 2, c: 3 }, undefined, []],
    ['the surplus at a start over the limit', 1, { a: 1, b: 2, c: 3 }, undefined, ['a', 'b']],
    ['nothing at a start without a limit', null, { a: 1, b: 2 }, undefined, []],
  ])('evicts %s', (_, limit, packages, incoming, expected) => {
    expect(evictions(limit, packages, incoming)).toEqual(expected);
  });

  it('never evicts the incoming package, and leaves exactly the limit with it', () => {
    for (let limit = 1; limit <= 6; limit++) {
      for (const createdAt of [0, 3, 100]) {
        const packages = { a: 1, b: 2, c: 3, d: 4, e: 5 };
        const evicted = evictions(limit, packages, { name: 'new', createdAt });

        expect(evicted).not.toContain('new');
        expect(5 - evicted.length + 1).toBe(Math.min(limit, 6));
      }
    }
  });

  it.each([
    ['for what', { name: 'c', size: 1, createdAt: 3 }, 'made room for c'],
    ['when nothing comes', undefined, 'over the limit at the start'],
  ])('says why: %s', (_, incoming, reason) => {
    const policy = new MaxPackagesPolicy({ maxPackages: 1 });
    const packages = stored({ a: 1, b: 2 });
    const [oldest] = policy.selectEvictions(packages, contextOf(packages, incoming));
    expect(oldest).toMatchObject({ package: { name: 'a' }, reason });
  });

  // Mutant: all packages are sorted, or looked through for the incoming one.
  it('looks at no more of many packages than leave, and at the next', () => {
    let looks = 0;
    const packages = Array.from({ length: 10_000 }, (_, at) => ({
      name: `${at}`,
      size: 1,
      sha256: undefined,
      revision: '',
      get createdAt() {
        looks += 1;
        return 20_000 - at;
      },
    }));
    const policy = new MaxPackagesPolicy({ maxPackages: 9999 });
    const incoming = [{ name: 'new', size: 1, createdAt: 30_000 }];

    const evicted = policy.selectEvictions(packages, {
      incoming,
      releases: NO_RELEASES,
      snapshot: { packages, drafts: [], releases: NO_RELEASES },
      now: 1000,
      find: () => undefined,
    });

    expect(evicted.map((one) => one.package.name)).toEqual(['9998', '9999'].toReversed());
    expect(looks).toBeLessThan(10);
  });
});
