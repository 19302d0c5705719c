import { Module, type DynamicModule } from '@nestjs/common';

import { ServerModule } from '../../server/server.module.js';
import { PagesModule } from '../pages.module.js';
import { PackagesPageService } from './packages-page.service.js';
import { PackagesController } from './packages.controller.js';

/** The list of packages, for people and programs. */
@Module({
  imports: [ServerModule, PagesModule],
  controllers: [PackagesController],
  providers: [PackagesPageService],
})
export class PackagesPageModule {
  /** On these modules, which bring a `PackageReader`, a `RetentionService` and a `PackageListService`. */
  static on(...imports: DynamicModule[]): DynamicModule {
    return { module: PackagesPageModule, imports };
  }
}
