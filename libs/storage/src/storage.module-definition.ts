import { ConfigurableModuleBuilder } from '@nestjs/common';

import type { FilesystemOptions } from './filesystem/filesystem.options.js';

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN: STORAGE_OPTIONS } =
  new ConfigurableModuleBuilder<FilesystemOptions>({ moduleName: 'Storage' }).build();
