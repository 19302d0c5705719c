import { ConfigurableModuleBuilder, type Provider } from '@nestjs/common';

import { PackageReader } from './package-reader.js';
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

/** The same object for those who only read. */
const READER: Provider<PackageReader> = { provide: PackageReader, useExisting: PackageStore };

export const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<StorageOptions>({
  optionsInjectionToken: STORAGE_OPTIONS,
})
  .setExtras<StorageExtras>({}, (definition, { store = OPENED }) => ({
    ...definition,
    providers: [...(definition.providers ?? []), store, READER],
  }))
  .build();
