import { Module } from '@nestjs/common';

import { ErrorPage } from '../problems/error-page.js';
import { FramedErrorPage } from './error.page.js';
import { StaticController } from './static.controller.js';
import { StaticFiles } from './static-files.js';

/** What all pages share: their frame, the files that they load, and how an error looks. */
@Module({
  controllers: [StaticController],
  providers: [StaticFiles, { provide: ErrorPage, useClass: FramedErrorPage }],
  exports: [StaticFiles, ErrorPage],
})
export class PagesModule {}
