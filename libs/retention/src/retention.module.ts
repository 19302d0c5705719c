import { Module } from '@nestjs/common';

import { ConfigurableModuleClass } from './retention.module-definition.js';
import { RetentionPolicy } from './retention.policy.js';
import { RetentionService } from './retention.service.js';

/** Provides {@link RetentionService}, and the policy that it asks. */
@Module({
  providers: [RetentionService],
  exports: [RetentionService, RetentionPolicy],
})
export class RetentionModule extends ConfigurableModuleClass {}
