import { Module, type DynamicModule } from '@nestjs/common';

import { ServerModule } from '../server/server.module.js';
import { ReleasesController } from './releases.controller.js';
import { ReleasesService } from './releases.service.js';

/** Views of the stored packages in the shape of GitHub's releases. */
@Module({
  imports: [ServerModule],
  controllers: [ReleasesController],
  providers: [ReleasesService],
})
export class ReleasesModule {
  /** On this module, which brings a `PackageReader`. */
  static on(storage: DynamicModule): DynamicModule {
    return { module: ReleasesModule, imports: [storage] };
  }
}
