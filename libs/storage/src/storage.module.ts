import { Module, type OnApplicationShutdown } from '@nestjs/common';

import { PackageStore } from './package-store.js';
import { ConfigurableModuleClass, STORAGE_OPTIONS } from './storage.module-definition.js';
import type { StorageOptions } from './storage.options.js';

/** Opens the store at start, provides it as {@link PackageStore}, and closes it at shutdown. */
@Module({
  providers: [
    {
      provide: PackageStore,
      inject: [STORAGE_OPTIONS],
      useFactory: (options: StorageOptions) => options.open(),
    },
  ],
  exports: [PackageStore],
})
export class StorageModule extends ConfigurableModuleClass implements OnApplicationShutdown {
  constructor(private readonly store: PackageStore) {
    super();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.store.close();
  }
}
