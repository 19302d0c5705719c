import * as fc from 'fast-check';

import {
  folderOf,
  folderTagOf,
  newestFirst,
  NO_RELEASES,
  type Package,
  type ReleaseRecord,
  type StoreSnapshot,
} from '#storage';

import { incrementalOrder } from './incremental.js';
import { compareVersions, packageVersion, versionOf } from './package-version.js';
import { catalogOf, prepareCatalog } from './release-catalog.js';

const TAGS = [
  'v1.0.0',
  '1.0',
  '1.2',
  'cli/v1.0.0',
  'nightly',
  'latest',
  'v2.0.0-rc.1',
  'build-17912',
  'build-18869',
];
const files = fc
  .tuple(
    fc.constantFrom('a', 'b', 'tool'),
    fc.constantFrom('', '-1.0', '-v1.0.0', '-1.2', '-v1.10.0', '-2.0.0-rc.1', '-2.0b1', '-1.0+x', '-1.0+y'),
    fc.constantFrom('.zip', '.txt', '_amd64.deb'),
  )
  .map((parts) => parts.join(''));
const names = fc.oneof(
  files,
  fc.tuple(fc.constantFrom(...TAGS), files).map(([tag, file]) => `${folderOf(tag)}/${file}`),
);
const packages = fc.record({
  name: names,
  createdAt: fc.integer({ min: 0, max: 5 }),
  size: fc.integer({ min: 0, max: 100 }),
});
const records = fc.record({
  tag: fc.constantFrom(...TAGS),
  isDraft: fc.boolean(),
  isPrerelease: fc.constantFrom(undefined, undefined, true, false),
  latest: fc.constantFrom(undefined, undefined, 'never' as const, 1, 2),
  createdAt: fc.integer({ min: 0, max: 5 }),
  updatedAt: fc.integer({ min: 0, max: 5 }),
});
/** What is there after each of some changes; a share of it stays the same objects from one to the next. */
const histories = fc
  .array(
    fc.tuple(
      fc.array(packages, { maxLength: 12 }),
      fc.array(records, { maxLength: 3 }),
      fc.integer({ min: 1, max: 8 }),
    ),
    { maxLength: 8 },
  )
  .map((changes) => {
    const now = new Map<string, Package>();
    const kept = new Map<string, ReleaseRecord>();
    return changes.map(([coming, come, share]): StoreSnapshot => {
      for (const [at, name] of [...now.keys()].entries()) if (at % share === 0) now.delete(name);
      for (const [at, tag] of [...kept.keys()].entries()) if (at % share === 0) kept.delete(tag);
      for (const one of come) kept.set(one.tag, one);
      for (const one of coming)
        now.set(one.name, { ...one, sha256: undefined, revision: `${one.name} ${one.size}` });
      const all = [...now.values()].sort(newestFirst);
      const isHidden = (one: Package): boolean => kept.get(folderTagOf(one) ?? '')?.isDraft ?? false;
      return {
        packages: all.filter((one) => !isHidden(one)),
        drafts: all.filter(isHidden),
        releases: new Map(kept),
      };
    });
  });

/** Tags of the public releases with their packages, said in the plainest way. */
function modelOf({ packages: all, releases }: StoreSnapshot): Map<string, Package[]> {
  const made = new Map<string, Package[]>();
  for (const { tag, isDraft } of releases.values()) if (!isDraft) made.set(tag, []);
  for (const stored of all) {
    const tag = folderTagOf(stored);
    if (tag !== undefined) made.set(tag, [...(made.get(tag) ?? []), stored]);
  }
  const tagged = [...made.keys()].sort();
  const flat = all.filter((stored) => folderTagOf(stored) === undefined);
  const groups = Map.groupBy(flat, ({ name }) => versionOf(name)?.key);
  for (const [key, group] of groups) {
    const alike = tagged.filter((tag) =>
      key === undefined ? tag === 'latest' : versionOf(tag)?.tag === tag && versionOf(tag)?.key === key,
    );
    for (const stored of group) {
      const own = versionOf(stored.name)?.tag ?? 'latest';
      const first = versionOf(group[0]!.name)?.tag ?? 'latest';
      const tag =
        alike.find((one) => one === own) ?? alike.find((one) => one.startsWith('v')) ?? alike[0] ?? first;
      made.set(tag, [...(made.get(tag) ?? []), stored]);
    }
  }
  for (const group of made.values()) group.sort(newestFirst);
  return made;
}

/** The packages of the model in order of preference. */
function preferred(model: ReadonlyMap<string, readonly Package[]>, { releases }: StoreSnapshot): Package[] {
  const rank = (tag: string, stored: Package): number => {
    const version = packageVersion(stored);
    const record = releases.get(tag);
    const says = record?.isDraft === false ? record.isPrerelease : undefined;
    return (version === undefined ? 2 : 0) + Number(says ?? version?.isPrerelease ?? false);
  };
  return [...model]
    .flatMap(([tag, group]) => group.map((stored) => ({ stored, rank: rank(tag, stored) })))
    .sort((a, b) => {
      const [ofA, ofB] = [packageVersion(a.stored), packageVersion(b.stored)];
      const byVersion = ofA === undefined || ofB === undefined ? 0 : compareVersions(ofB, ofA);
      return a.rank - b.rank || byVersion || newestFirst(a.stored, b.stored);
    })
    .map(({ stored }) => stored);
}

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

function snapshotOf(list: readonly Package[], ...kept: readonly ReleaseRecord[]): StoreSnapshot {
  const releases = kept.length === 0 ? NO_RELEASES : new Map(kept.map((one) => [one.tag, one]));
  return { packages: list, drafts: [], releases };
}

const published: Package = {
  name: 'tool-new-v1.7.0.zip',
  size: 1,
  createdAt: 1_000_000,
  sha256: undefined,
  revision: 'new',
};

describe('what is derived from the lists of a store', () => {
  it('is the catalog that all packages and records make, after whatever came and went', () => {
    fc.assert(
      fc.property(histories, (history) => {
        for (const snapshot of history) {
          const catalog = catalogOf(snapshot);
          const model = modelOf(snapshot);
          const inOrder = preferred(model, snapshot);
          const { releases, drafts } = catalog;
          expect(catalog.assets).toEqual(inOrder);
          expect(new Map(releases.map(({ tag, assets }) => [tag, assets]))).toEqual(model);
          expect(releases).toHaveLength(model.size);
          // Releases come in the order of the packages that are preferred in them.
          const ofPackages = [...new Set(inOrder.map((stored) => catalog.releaseOf(stored)))];
          expect(releases.filter(({ assets }) => assets.length > 0)).toEqual(ofPackages);
          expect(catalog.latest).toBe(ofPackages[0]);
          expect(catalog.size).toBe(snapshot.packages.reduce((sum, { size }) => sum + size, 0));
          const times = catalog.recent.map(({ publishedAt }) => publishedAt);
          expect(times).toEqual(times.toSorted((a, b) => b! - a!));
          expect(new Set(catalog.recent)).toEqual(new Set(releases));
          const hidden = [...snapshot.releases.values()].filter(({ isDraft }) => isDraft);
          expect(drafts.map(({ tag }) => tag).sort()).toEqual(hidden.map(({ tag }) => tag).sort());
          expect(drafts.flatMap(({ assets }) => assets).sort(newestFirst)).toEqual(snapshot.drafts);
          const all = [...releases, ...drafts];
          expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
          for (const release of all) {
            const { tag, id, assets, size, isDraft, record } = release;
            const stored = snapshot.releases.get(tag);
            expect(record).toEqual(stored?.isDraft === isDraft ? stored : undefined);
            expect(size).toBe(assets.reduce((sum, one) => sum + one.size, 0));
            expect(isDraft ? catalog.draftByTag(tag) : catalog.byTag(tag)).toBe(release);
            expect(catalog.byId(id)).toBe(release);
            for (const one of assets) {
              expect(catalog.releaseOf(one)).toBe(release);
              expect(catalog.assetById(catalog.assetId(one))).toEqual(one);
            }
          }
          const stable = releases.filter(({ isPrerelease }) => !isPrerelease);
          const marks = stable.map(({ record }) => Number(record?.latest)).filter((mark) => mark > 0);
          const latest =
            marks.length > 0
              ? stable.find(({ record }) => record?.latest === Math.max(...marks))
              : stable.find(({ record }) => record?.latest !== 'never');
          expect(catalog.latestRelease).toBe(latest);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('stays as it is said of packages while their tags, labels and ids do', () => {
    fc.assert(
      fc.property(histories, (history) => {
        const said = new Map<object, Map<string, string>>();
        for (const snapshot of history) {
          const catalog = catalogOf(snapshot);
          const before = said.get(catalog.naming);
          const now = new Map(catalog.packages.map((one) => [one.name, catalog.nameOf(one)]));
          for (const [name, text] of now) expect(before?.get(name) ?? text).toBe(text);
          said.set(catalog.naming, now);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('looks at the new package and those beside it after a publish', async () => {
    const { list, seen } = observed(1000);
    const before = await prepareCatalog(snapshotOf(list));
    seen.clear();
    const after = await prepareCatalog(snapshotOf([published, ...list]));
    expect(after.assets).toHaveLength(1001);
    expect(after.naming).toBe(before.naming);
    // What a search by halves comes by.
    expect(seen.size).toBeLessThan(80);
    const kept = new Set(before.assetBlocks);
    expect(after.assetBlocks.filter((block) => !kept.has(block)).length).toBeLessThanOrEqual(2);
  });

  it('looks at the packages of one release after a change of its record', async () => {
    const { list, seen } = observed(1000);
    const before = await prepareCatalog(snapshotOf(list));
    const record = { tag: 'v1.7.0', notes: 'New', isDraft: false, createdAt: 1, updatedAt: 1 };
    const noted = await prepareCatalog(snapshotOf(list, record));
    expect(noted.byTag('1.7')?.notes).toBe('New');
    expect(noted.assetBlocks.every((block, at) => block === before.assetBlocks[at])).toBe(true);
    expect(noted.naming).toBe(before.naming);
    seen.clear();
    const after = await prepareCatalog(snapshotOf(list, { ...record, notes: 'Newer', updatedAt: 2 }));
    expect(after.byTag('1.7')?.notes).toBe('Newer');
    expect(seen.size).toBeLessThan(20);
    expect(after.assetBlocks.every((block, at) => block === before.assetBlocks[at])).toBe(true);
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
