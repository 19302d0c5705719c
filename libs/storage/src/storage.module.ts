import { Module, type OnApplicationShutdown } from '@nestjs/common';

import { PackageStore } from './package-store.js';
import { ConfigurableModuleClass } from './storage.module-definition.js';

/** Opens the store at start, provides it as {@link PackageStore}, and closes it at shutdown. */
@Module({ exports: [PackageStore] })
export class StorageModule extends ConfigurableModuleClass implements OnApplicationShutdown {
  constructor(private readonly store: PackageStore) {
    super();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.store.close();
  }
}
