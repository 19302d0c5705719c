import { Module, type DynamicModule } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';

import { HealthController } from './health.controller.js';
import { StorageHealth } from './storage.health.js';

/** Liveness and readiness by Terminus. */
@Module({
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
  providers: [StorageHealth],
})
export class HealthModule {
  /** On this module, which brings a `PackageStore`. */
  static on(storage: DynamicModule): DynamicModule {
    return { module: HealthModule, imports: [storage] };
  }
}
