import { newestFirst } from '../newest-first.js';
import type { Package } from '../package-reader.js';
import { PackageTable, type IndexEntry } from './package-table.js';

describe('PackageTable', () => {
  let looks: number;
  let table: PackageTable;

  beforeEach(() => {
    looks = 0;
    table = new PackageTable();
  });

  /** An entry whose publish time is counted when it is asked for: a pass over all packages shows. */
  function entryOf(name: string, createdAt: number, sha256?: string): IndexEntry {
    const one: Package = {
      name,
      size: 1,
      sha256,
      revision: name,
      get createdAt() {
        looks += 1;
        return createdAt;
      },
    };
    return { package: one, fingerprint: name };
  }

  function fill(count: number): void {
    const entries = Array.from({ length: count }, (_, at) => entryOf(`${at}.zip`, (at * 7919) % count));
    table.apply(new Map(entries.map((entry) => [entry.package.name, entry])));
    looks = 0;
  }

  const put = (name: string, createdAt: number): void => table.set(entryOf(name, createdAt));
  const names = (): string[] => table.list(false).map(({ name }) => name);

  // Mutant: all are sorted again for each of the batches in which a directory is read.
  it('takes many at once, and lets go of them, with a look at few of the others', () => {
    fill(50_000);
    const come = Array.from({ length: 500 }, (_, at) => entryOf(`new-${at}.zip`, at * 100));
    table.apply(new Map(come.map((entry) => [entry.package.name, entry])));
    table.apply(new Map(come.map(({ package: { name } }) => [name, undefined])));
    // 1,000 searches by halves, and the order of what comes.
    expect(looks).toBeLessThan(50_000);
    expect(names()).toHaveLength(50_000);
  });

  describe('the latest publish time', () => {
    it('is 0 where there is no package', () => expect(table.latestTime).toBe(0));

    // Mutant: it is looked for among all packages.
    it('is known without a pass over the packages, while they are published, overwritten and the oldest leave', () => {
      for (let at = 1; at <= 300; at++) {
        put(`${at % 250}.zip`, at * 10);
        if (at > 100) table.delete(`${(at - 100) % 250}.zip`);
        looks = 0;
        expect(table.latestTime).toBe(at * 10);
        expect(looks).toBe(1);
      }
      put('older.zip', 5);
      expect(table.latestTime).toBe(3000);
    });

    // Mutant: it stays that of a package that has left, such as one of the year 9999.
    it('is that of the others once the latest leaves, or gets an older time', () => {
      put('a.zip', 1);
      put('b.zip', 2);
      put('future.zip', 9999);
      expect(table.latestTime).toBe(9999);
      table.delete('future.zip');
      expect(table.latestTime).toBe(2);
      put('b.zip', 0);
      expect(table.latestTime).toBe(1);
      put('b.zip', 1);
      table.delete('a.zip');
      expect(table.latestTime).toBe(1);
      table.delete('b.zip');
      expect(table.latestTime).toBe(0);
    });
  });

  // Mutant: the list is sorted anew, or filtered, for each change.
  it('looks at a few packages of ten thousand for a change, and at none for a list', () => {
    fill(10_000);
    for (let at = 0; at < 100; at++) {
      looks = 0;
      put(`new-${at}.zip`, 20_000 + at);
      table.delete(`${at}.zip`);
      const list = table.list(false);
      table.complete({ ...entryOf(`new-${at}.zip`, 20_000 + at, 'digest'), fingerprint: 'x' });
      expect(looks).toBeLessThan(200);
      expect(list).toHaveLength(10_000);
    }
  });

  it('has all packages in their order, whatever has come and gone, one by one or together', () => {
    const model = new Map<string, Package>();
    let random = 1;
    const next = (below: number): number => (random = (random * 48_271) % 2_147_483_647) % below;
    for (let round = 0; round < 300; round++) {
      const changes = new Map<string, IndexEntry | undefined>();
      for (let left = next(3) === 0 ? 60 : next(4); left >= 0; left--) {
        const name = `${next(150)}.zip`;
        changes.set(name, next(3) === 0 ? undefined : entryOf(name, next(40)));
      }
      table.apply(changes);
      for (const [name, entry] of changes) {
        if (entry === undefined) model.delete(name);
        else model.set(name, entry.package);
      }
      const list = table.list(false);
      expect(list.length).toBe(model.size);
      // The same objects, too, for what is made of a list is made of what differs from the one before.
      const expected = [...model.values()].toSorted(newestFirst);
      expect(expected.every((one, at) => list[at] === one)).toBe(true);
    }
  });

  it('gives the same list until something changes, and never changes one that it gave', () => {
    fill(50);
    const before = table.list(false);
    const copy = [...before];
    expect(table.list(false)).toBe(before);
    put('new.zip', 1000);
    table.delete('7.zip');

    expect(table.list(false)).not.toBe(before);
    expect(before).toEqual(copy);
    expect(Object.isFrozen(before)).toBe(true);
    table.apply(new Map());
    expect(table.list(false)).toBe(table.list(false));
  });

  it('puts a digest in the place of the package that it is of', () => {
    fill(5);
    const before = names();
    const old = table.get('3.zip');
    table.complete(entryOf('3.zip', old?.package.createdAt ?? 0, 'digest'));

    expect(names()).toEqual(before);
    expect(table.list(false).find(({ name }) => name === '3.zip')?.sha256).toBe('digest');
  });
});
