import { describe as describePackage, PackageTable } from './package-table.js';

describe('the latest publish time', () => {
  let passes: number;
  let table: PackageTable;

  beforeEach(() => {
    passes = 0;
    table = new PackageTable();
    const packages = table.packages.bind(table);
    table.packages = () => {
      passes += 1;
      return packages();
    };
  });

  const put = (name: string, createdAt: number): void => {
    table.set({ package: describePackage(name, 1, createdAt, undefined, name), fingerprint: name });
  };

  it('is 0 where there is no package', () => expect(table.latestTime).toBe(0));

  // Mutant: it is looked for among all packages.
  it('is known without a pass over the packages, while they are published, overwritten and the oldest leave', () => {
    for (let at = 1; at <= 300; at++) {
      put(`${at % 250}.zip`, at * 10);
      if (at > 100) table.delete(`${(at - 100) % 250}.zip`);
      expect(table.latestTime).toBe(at * 10);
    }
    put('older.zip', 5);
    expect([table.latestTime, passes]).toEqual([3000, 0]);
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
    expect(passes).toBeLessThanOrEqual(4);
  });
});
