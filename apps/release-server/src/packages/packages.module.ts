import { Module, type DynamicModule } from '@nestjs/common';

import { ServerModule } from '../server/server.module.js';
import { PagesModule } from '../web/pages.module.js';
import { AssetsController } from './assets.controller.js';
import { PackageListService } from './package-list.service.js';
import { PackagesController } from './packages.controller.js';
import { PublishingService } from './publishing.service.js';
import { UploadsController } from './uploads.controller.js';

/** Publish, download, delete and list. */
@Module({
  imports: [ServerModule, PagesModule],
  controllers: [PackagesController, AssetsController, UploadsController],
  providers: [PackageListService, PublishingService],
})
export class PackagesModule {
  /** On these modules, which bring a `PackageStore` and a `RetentionService`. */
  static on(...imports: DynamicModule[]): DynamicModule {
    return { module: PackagesModule, imports };
  }
}
