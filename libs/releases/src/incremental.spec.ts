import * as fc from 'fast-check';

import { newestFirst, type Package } from '#storage';

import { incrementalOrder } from './incremental.js';
import { packageVersion } from './package-version.js';
import { assetId, releaseId, tagOf } from './release.js';
import { catalogOf, prepareCatalog } from './release-catalog.js';
import { byPreference } from './release-order.js';

const names = fc
  .tuple(
    fc.constantFrom('a', 'b', 'tool'),
    fc.constantFrom('', '-1.0', '-v1.0.0', '-1.2', '-v1.10.0', '-2.0.0-rc.1', '-2.0b1', '-1.0+x', '-1.0+y'),
    fc.constantFrom('.zip', '.txt', '_amd64.deb'),
  )
  .map((parts) => parts.join(''));
const packages = fc.record({
  name: names,
  createdAt: fc.integer({ min: 0, max: 5 }),
  size: fc.integer({ min: 0, max: 100 }),
});
/** What is there after each of some changes; a share of it stays the same objects from one to the next. */
const histories = fc
  .array(fc.tuple(fc.array(packages, { maxLength: 12 }), fc.integer({ min: 1, max: 8 })), { maxLength: 8 })
  .map((changes) => {
    const now = new Map<string, Package>();
    return changes.map(([coming, share]) => {
      for (const [at, name] of [...now.keys()].entries()) if (at % share === 0) now.delete(name);
      for (const one of coming)
        now.set(one.name, { ...one, sha256: undefined, revision: `${one.name} ${one.size}` });
      return [...now.values()].sort(newestFirst);
    });
  });

/** So many packages, which tell which of them were looked at. */
function observed(count: number) {
  const seen = new Set<string>();
  const list = Array.from({ length: count }, (_, age): Package => {
    const name = `tool-${age % 34}-v1.${Math.floor(age / 34)}.0.zip`;
    return {
      get name() {
        seen.add(name);
        return name;
      },
      size: 1,
      createdAt: count - age,
      sha256: undefined,
      revision: name,
    };
  });
  return { list, seen };
}

const published: Package = {
  name: 'tool-new-v1.7.0.zip',
  size: 1,
  createdAt: 1_000_000,
  sha256: undefined,
  revision: 'new',
};

describe('what is derived from the lists of a store', () => {
  it('is the catalog that all packages make, after whatever came and went', () => {
    fc.assert(
      fc.property(histories, (history) => {
        for (const list of history) {
          const catalog = catalogOf(list);
          const inOrder = list.toSorted(byPreference);
          expect(catalog.assets).toEqual(inOrder);
          const groups = Map.groupBy(inOrder, (stored) => packageVersion(stored)?.key);
          const releases = [...groups.values()].map((assets) => assets.toSorted(newestFirst));
          expect(catalog.releases.map(({ assets }) => assets)).toEqual(
            releases.sort((a, b) => byPreference(a[0]!, b[0]!)),
          );
          expect(catalog.size).toBe(list.reduce((sum, { size }) => sum + size, 0));
          for (const { size, assets } of catalog.releases) {
            expect(size).toBe(assets.reduce((sum, stored) => sum + stored.size, 0));
          }
          for (const stored of list) {
            const release = catalog.releaseOf(stored);
            expect(release.assets).toContainEqual(stored);
            expect(catalog.assetById(assetId(stored))).toEqual(stored);
            const first = inOrder.find((other) => tagOf(other) === tagOf(stored))!;
            expect(catalog.byTag(tagOf(stored))).toBe(catalog.releaseOf(first));
            expect(catalog.byId(releaseId(tagOf(stored)))).toBe(catalog.releaseOf(first));
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('looks at the new package and those beside it after a publish', async () => {
    const { list, seen } = observed(1000);
    const before = await prepareCatalog(list);
    seen.clear();
    const after = await prepareCatalog([published, ...list]);
    expect(after.assets).toHaveLength(1001);
    // What a search by halves comes by.
    expect(seen.size).toBeLessThan(80);
    const kept = new Set(before.assetBlocks);
    expect(after.assetBlocks.filter((block) => !kept.has(block)).length).toBeLessThanOrEqual(2);
  });

  it('is made in slices between which other work has its turn, and once for all who ask', async () => {
    const compared = { times: 0 };
    const order = incrementalOrder((a, b) => {
      compared.times += 1;
      return newestFirst(a, b);
    });
    const { list } = observed(5000);
    const turns: number[] = [];
    let immediate = setImmediate(function turn() {
      turns.push(compared.times);
      immediate = setImmediate(turn);
    });
    const made = await Promise.all([order.prepare(list), order.prepare(list)]);
    clearImmediate(immediate);
    expect(made[0]).toBe(made[1]);
    expect(turns.length).toBeGreaterThanOrEqual(19);
    const slices = turns.map((times, at) => times - (turns[at - 1] ?? 0));
    expect(Math.max(...slices)).toBeLessThan(256 * 20);
  });

  it('is made to its end when another list comes meanwhile, which is not far from there', async () => {
    let changes = 0;
    const order = incrementalOrder((a, b) => {
      changes += 1;
      return newestFirst(a, b);
    });
    const { list } = observed(2000);
    const [first, second] = await Promise.all([order.prepare(list), order.prepare([published, ...list])]);
    expect([first.blocks.flat().length, second.blocks.flat().length]).toEqual([2000, 2001]);
    const all = changes;
    await order.prepare(list.slice(1));
    expect(changes - all).toBeLessThan(100);
  });
});
