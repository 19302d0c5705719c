import { Module } from '@nestjs/common';

import { StaticController } from './static.controller.js';
import { StaticFiles } from './static-files.js';

/** What all pages share: their frame, and the files that they load. */
@Module({
  controllers: [StaticController],
  providers: [StaticFiles],
  exports: [StaticFiles],
})
export class PagesModule {}
