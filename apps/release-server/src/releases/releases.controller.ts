import type { IncomingMessage, ServerResponse } from 'node:http';

import { Controller, Get, Req, Res, type OnModuleInit } from '@nestjs/common';

import { Public } from '#auth';
import { PackageReader } from '#storage';

import { ageHeaders } from '../http/age.js';
import { sendPrepared } from '../http/prepared-body.js';
import { ReaderViews } from '../packages/reader-views.js';
import { PublicUrl } from '../server/public-url.service.js';
import { ReadPath } from '../server/read-path.js';
import { ReleasesService } from './releases.service.js';

/** `GET /latest`: everything that is stored, as a GitHub release. */
@Public()
@Controller('latest')
export class ReleasesController implements OnModuleInit {
  constructor(
    private readonly store: PackageReader,
    private readonly releases: ReleasesService,
    private readonly publicUrl: PublicUrl,
    private readonly reads: ReadPath,
    private readonly views: ReaderViews,
  ) {}

  onModuleInit(): void {
    this.reads.add('/latest', ReleasesController, 'latest', (request, response) =>
      this.latest(request, response),
    );
  }

  @Get()
  latest(@Req() request: IncomingMessage, @Res() response: ServerResponse): void | Promise<void> {
    const base = this.publicUrl.baseFor(request);
    const body = this.releases.latest(this.views.of(request));
    const send = (made: Awaited<typeof body>): void | Promise<void> =>
      sendPrepared(request, response, made, base, ageHeaders(this.store));
    return body instanceof Promise ? body.then(send) : send(body);
  }
}
