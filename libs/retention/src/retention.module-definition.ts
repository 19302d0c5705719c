import { ConfigurableModuleBuilder } from '@nestjs/common';

import type { RetentionOptions } from './retention.options.js';

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN: RETENTION_OPTIONS } =
  new ConfigurableModuleBuilder<RetentionOptions>({ moduleName: 'Retention' }).build();
