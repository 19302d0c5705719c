import { Module, type OnApplicationShutdown } from '@nestjs/common';

import { PackageReader } from './package-reader.js';
import { PackageStore } from './package-store.js';
import { ConfigurableModuleClass } from './storage.module-definition.js';

/**
 * Opens the store at start, provides it as {@link PackageStore} and as {@link PackageReader}, and closes it at shutdown.
 */
@Module({ exports: [PackageReader, PackageStore] })
export class StorageModule extends ConfigurableModuleClass implements OnApplicationShutdown {
  constructor(private readonly store: PackageStore) {
    super();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.store.close();
  }
}
