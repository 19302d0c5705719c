import { Module, type DynamicModule } from '@nestjs/common';

import { EventsModule } from '../events/events.module.js';
import { ServerModule } from '../server/server.module.js';
import { AssetsController } from './assets.controller.js';
import { PackageListService } from './package-list.service.js';
import { ImmutableRule } from './immutable-rule.js';
import { OverwriteRule } from './overwrite-rule.js';
import { ReaderViews } from './reader-views.js';
import { RetentionTimer } from './retention-timer.js';
import { RetentionController } from './retention.controller.js';
import { UploadsController } from './uploads.controller.js';
import { WriteService } from './write.service.js';

/** Publish, download, delete and list. */
@Module({
  imports: [EventsModule, ServerModule],
  controllers: [AssetsController, RetentionController, UploadsController],
  providers: [ImmutableRule, PackageListService, OverwriteRule, ReaderViews, RetentionTimer, WriteService],
  exports: [EventsModule, PackageListService, ReaderViews, WriteService],
})
export class PackagesModule {
  /**
   * On these modules, which bring a `PackageStore`, a `RetentionService` and `Permissions`. Global, so that the modules
   * that teams bring can inject what it exports.
   */
  static on(...imports: DynamicModule[]): DynamicModule {
    return { module: PackagesModule, imports, global: true };
  }
}
