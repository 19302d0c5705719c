import * as fc from 'fast-check';

import { listChanges } from './list-changes.js';
import { newestFirst } from './newest-first.js';
import type { Package } from './package-reader.js';

function stored(name: string, createdAt: number, revision = name): Package {
  return { name, size: 1, createdAt, sha256: undefined, revision };
}

/** Packages of which each has a name of its own, the newest first. */
const lists = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 9 })), {
    selector: ([name]) => name,
  })
  .map((all) => all.map(([name, time]) => stored(`p${name}`, time)).sort(newestFirst));

describe('what changed between two lists', () => {
  const [a, b, c] = [stored('a', 3), stored('b', 2), stored('c', 1)] as const;

  it('is what went and what came', () => {
    expect(listChanges([a, b], [a, b])).toEqual({ removed: [], added: [] });
    expect(listChanges([b, c], [a, b])).toEqual({ removed: [c], added: [a] });
    expect(listChanges([], [a, c])).toEqual({ removed: [], added: [a, c] });
    expect(listChanges([a, c], [])).toEqual({ removed: [a, c], added: [] });
  });

  it('is nothing where packages are equal, and both where one has other bytes', () => {
    expect(listChanges([a, b], [{ ...a }, { ...b }])).toEqual({ removed: [], added: [] });
    const other = { ...b, revision: 'other' };
    expect(listChanges([a, b, c], [a, other, c])).toEqual({ removed: [b], added: [other] });
  });

  it('says of lists that come newest first no more than that', () => {
    fc.assert(
      fc.property(lists, lists, (before, after) => {
        const key = ({ name, createdAt }: Package): string => `${name} ${createdAt}`;
        const without = (packages: readonly Package[], others: readonly Package[]): readonly Package[] => {
          const keys = new Set(others.map(key));
          return packages.filter((one) => !keys.has(key(one)));
        };
        const { removed, added } = listChanges(before, after);
        expect(removed).toEqual(without(before, after));
        expect(added).toEqual(without(after, before));
      }),
    );
  });

  it('is true of lists in any order', () => {
    const shuffled = lists.chain((list) => fc.shuffledSubarray(list, { minLength: list.length }));
    fc.assert(
      fc.property(shuffled, shuffled, (before, after) => {
        const { removed, added } = listChanges(before, after);
        const names = (packages: readonly Package[]): string[] =>
          packages.map(({ name, createdAt }) => `${name} ${createdAt}`).sort();
        expect(names([...before, ...added])).toEqual(names([...after, ...removed]));
      }),
    );
  });
});
