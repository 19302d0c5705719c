import { Module } from '@nestjs/common';

import { ConfigurableModuleClass } from './retention.module-definition.js';
import { RetentionService } from './retention.service.js';

/** Provides {@link RetentionService}. The module that imports it brings a `PackageStore`. */
@Module({
  providers: [RetentionService],
  exports: [RetentionService],
})
export class RetentionModule extends ConfigurableModuleClass {}
