import type { PackageStore } from 'release-server';
import {
  describePackageStore,
  EVICT_ALL,
  publish,
  read,
  refusalCodeOf,
  stage,
  type PackageStoreHarness,
} from 'release-server/testing';

import { MemoryPackageStore } from './memory-package.store.js';

const MIB = 1024 ** 2;

/** What is in memory is there for one store only: to open it again is to take the same. */
class MemoryHarness implements PackageStoreHarness {
  readonly keepsReleases = true;

  async open(): Promise<PackageStore> {
    return new MemoryPackageStore({ capacity: 256 * MIB, minFreeSpace: 0 });
  }

  async reopen(store: PackageStore): Promise<PackageStore> {
    return store;
  }

  async staged(store: PackageStore): Promise<readonly string[]> {
    return [...(store as unknown as { staged: Map<string, unknown> }).staged.keys()];
  }

  async destroy(): Promise<void> {}
}

describePackageStore('MemoryPackageStore', new MemoryHarness());

describe('MemoryPackageStore', () => {
  const store = (): PackageStore => new MemoryPackageStore({ capacity: 100, minFreeSpace: 20 });

  it('takes what leaves the minimum free, and no byte more', async () => {
    const full = store();

    await publish(full, 'a.zip', 'x'.repeat(80));

    await expect(full.probe()).resolves.toBeUndefined();
    expect(await refusalCodeOf(full.requireSpace(1))).toBe('insufficient_storage');
    expect(await refusalCodeOf(publish(full, 'b.zip', 'x'))).toBe('insufficient_storage');
    expect((await read(full, 'a.zip')).toString()).toBe('x'.repeat(80));
  });

  it('refuses a body of unknown length when the room ends', async () => {
    const small = store();

    expect(await refusalCodeOf(stage(small, 'x'.repeat(81)))).toBe('insufficient_storage');
    await expect(small.requireSpace(80)).resolves.toBeUndefined();
  });

  it.each<[string, (own: PackageStore) => Promise<unknown>]>([
    ['a discarded upload', async (own) => own.discard(await stage(own, 'x'.repeat(80)))],
    ['an upload that is refused', (own) => refusalCodeOf(stage(own, 'x'.repeat(80), { size: 79 }))],
    ['a deleted package', async (own) => publish(own, 'a', 'x'.repeat(80)).then(() => own.remove('a'))],
    ['a pruned package', async (own) => publish(own, 'a', 'x'.repeat(80)).then(() => own.prune(EVICT_ALL))],
    [
      'an overwritten package',
      async (own) => {
        await publish(own, 'a', 'x'.repeat(40));
        await publish(own, 'a', 'y'.repeat(40));
        await own.remove('a');
      },
    ],
    [
      'an evicted package',
      async (own) => {
        await publish(own, 'a', 'x'.repeat(40));
        await publish(own, 'b', 'y'.repeat(40), { evict: EVICT_ALL });
        await own.remove('b');
      },
    ],
  ])('has the room of %s again', async (_, use) => {
    const own = store();

    await use(own);

    await expect(own.requireSpace(80)).resolves.toBeUndefined();
    expect(await refusalCodeOf(own.requireSpace(81))).toBe('insufficient_storage');
  });
});
