import { Test } from '@nestjs/testing';

import { PackageReader } from './package-reader.js';
import { PackageStore } from './package-store.js';
import { StorageModule } from './storage.module.js';

class FakeStore {
  isClosed = false;

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

const fake = (): PackageStore & FakeStore => new FakeStore() as unknown as PackageStore & FakeStore;

describe('StorageModule', () => {
  // Mutant: the reader is a store of its own, or that of the options where another one was brought.
  it.each([
    ['that the options open', false],
    ['that is brought instead', true],
  ])('gives the store %s to those who read and those who write, and closes it', async (_, isBrought) => {
    const store = fake();
    const storage = StorageModule.registerAsync({
      useFactory: () => ({ open: () => Promise.resolve(isBrought ? fake() : store) }),
      store: isBrought ? { provide: PackageStore, useValue: store } : undefined,
    });
    const module = await Test.createTestingModule({ imports: [storage] }).compile();

    expect(module.get(PackageStore)).toBe(store);
    expect(module.get(PackageReader)).toBe(store);
    await module.close();
    expect(store.isClosed).toBe(true);
  });
});
