import { Module, type DynamicModule } from '@nestjs/common';

import { ServerModule } from '../server/server.module.js';
import { AssetsController } from './assets.controller.js';
import { PackageListService } from './package-list.service.js';
import { PublishingService } from './publishing.service.js';
import { UploadsController } from './uploads.controller.js';

/** Publish, download, delete and list. */
@Module({
  imports: [ServerModule],
  controllers: [AssetsController, UploadsController],
  providers: [PackageListService, PublishingService],
  exports: [PackageListService],
})
export class PackagesModule {
  /** On these modules, which bring a `PackageStore` and a `RetentionService`. */
  static on(...imports: DynamicModule[]): DynamicModule {
    return { module: PackagesModule, imports };
  }
}
