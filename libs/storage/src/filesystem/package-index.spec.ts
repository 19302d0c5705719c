import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { Package } from '../package-reader.js';
import { loadObservedStore } from '../testing/observed-filesystem.js';
import { namesIn } from '../testing/packages.js';

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
