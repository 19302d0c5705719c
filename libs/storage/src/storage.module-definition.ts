import { ConfigurableModuleBuilder } from '@nestjs/common';

import type { StorageOptions } from './storage.options.js';

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN: STORAGE_OPTIONS } =
  new ConfigurableModuleBuilder<StorageOptions>({ moduleName: 'Storage' }).build();
