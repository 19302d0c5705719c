import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { Package } from '../package-reader.js';
import { loadObservedStore } from '../testing/observed-filesystem.js';
import { namesIn } from '../testing/packages.js';
import { Layout } from './layout.js';
import { MetadataCache } from './metadata-cache.js';
import { describe as describePackage, PackageIndex } from './package-index.js';

it('shows a file to who asks later, although a look at the directory began before it came and takes long', async () => {
  const path = await mkdtemp(join(tmpdir(), 'package-index-'));
  let slow: Promise<unknown> | undefined;
  let isSlow = false;
  const Store = await loadObservedStore(async (call, file) => {
    if (call !== 'lstat' || !file.endsWith('/early.zip') || slow === undefined) return;
    isSlow = true;
    await slow;
  });
  await writeFile(join(path, 'early.zip'), 'early');
  const store = await Store.open({ path, minFreeSpace: 0, readOnly: false });
  try {
    await delay(300);
    const { promise, resolve } = Promise.withResolvers<void>();
    slow = promise;
    // It has read the names already.
    const first = namesIn(store);
    while (!isSlow) await delay(5);
    await writeFile(join(path, 'late.zip'), 'late');
    await delay(1100);
    const second = namesIn(store);
    slow = undefined;
    resolve();

    expect(await first).toEqual(['early.zip']);
    expect(await second).toEqual(['late.zip', 'early.zip']);
  } finally {
    slow = undefined;
    await store.close();
    await rm(path, { recursive: true });
  }
});

it('lists the digests of files that are hashed in the background together, and all of them in the end', async () => {
  const path = await mkdtemp(join(tmpdir(), 'package-index-'));
  const Store = await loadObservedStore(async (call, file) => {
    // Slow enough for a list between two digests.
    if (call === 'read' && file.endsWith('.zip')) await delay(2);
  });
  for (let at = 0; at < 50; at++) await writeFile(join(path, `${at}.zip`), `${at}`);
  const store = await Store.open({ path, minFreeSpace: 0, readOnly: false });
  try {
    const lists = new Set<readonly Package[]>();
    let digests = 0;
    while (digests < 50) {
      const list = await store.list();
      lists.add(list);
      digests = list.filter(({ sha256 }) => sha256 !== undefined).length;
      await delay(1);
    }
    // One a second at most, while each digest was a list of its own.
    expect(lists.size).toBeLessThan(25);
  } finally {
    await store.close();
    await rm(path, { recursive: true });
  }
});

describe('the latest publish time', () => {
  let passes: number;
  let index: PackageIndex;

  beforeEach(() => {
    passes = 0;
    const layout = new Layout('/nowhere');
    index = new PackageIndex(layout, new MetadataCache(layout, true));
    const packages = index.packages.bind(index);
    index.packages = () => {
      passes += 1;
      return packages();
    };
  });

  const put = (name: string, createdAt: number): void => {
    index.put({ package: describePackage(name, 1, createdAt, undefined, name), fingerprint: name });
  };

  it('is 0 where there is no package', () => expect(index.latestTime).toBe(0));

  // Mutant: it is looked for among all packages.
  it('is known without a pass over the packages, while they are published, overwritten and the oldest leave', () => {
    for (let at = 1; at <= 300; at++) {
      put(`${at % 250}.zip`, at * 10);
      if (at > 100) index.delete(`${(at - 100) % 250}.zip`);
      expect(index.latestTime).toBe(at * 10);
    }
    put('older.zip', 5);
    expect([index.latestTime, passes]).toEqual([3000, 0]);
  });

  // Mutant: it stays that of a package that has left, such as one of the year 9999.
  it('is that of the others once the latest leaves, or gets an older time', () => {
    put('a.zip', 1);
    put('b.zip', 2);
    put('future.zip', 9999);
    expect(index.latestTime).toBe(9999);
    index.delete('future.zip');
    expect(index.latestTime).toBe(2);
    put('b.zip', 0);
    expect(index.latestTime).toBe(1);
    put('b.zip', 1);
    index.delete('a.zip');
    expect(index.latestTime).toBe(1);
    index.delete('b.zip');
    expect(index.latestTime).toBe(0);
    expect(passes).toBeLessThanOrEqual(4);
  });
});
