import { Module, type DynamicModule } from '@nestjs/common';

import { ServerModule } from '../../server/server.module.js';
import { PagesModule } from '../pages.module.js';
import { NotesService } from './notes.service.js';
import { ReleasePagesController } from './release-pages.controller.js';
import { ReleasePagesService } from './release-pages.service.js';

/** The pages of releases, for people. */
@Module({
  imports: [ServerModule, PagesModule],
  controllers: [ReleasePagesController],
  providers: [ReleasePagesService, NotesService],
})
export class ReleasePagesModule {
  /** On these modules, which bring a `PackageReader` and `Principals`. */
  static on(...imports: DynamicModule[]): DynamicModule {
    return { module: ReleasePagesModule, imports };
  }
}
