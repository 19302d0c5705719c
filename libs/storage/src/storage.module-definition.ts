import { ConfigurableModuleBuilder, type Provider } from '@nestjs/common';

import { PackageStore } from './package-store.js';
import { STORAGE_OPTIONS, type StorageOptions } from './storage.options.js';

interface StorageExtras {
  /** Provides another {@link PackageStore} than the one that the options open. */
  readonly store?: Provider<PackageStore> | undefined;
}

const OPENED: Provider<PackageStore> = {
  provide: PackageStore,
  inject: [STORAGE_OPTIONS],
  useFactory: (options: StorageOptions) => options.open(),
};

export const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<StorageOptions>({
  optionsInjectionToken: STORAGE_OPTIONS,
})
  .setExtras<StorageExtras>({}, (definition, { store = OPENED }) => ({
    ...definition,
    providers: [...(definition.providers ?? []), store],
  }))
  .build();
