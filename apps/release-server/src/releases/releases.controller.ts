import { Controller, Get, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';

import { Public } from '#auth';
import { PackageReader } from '#storage';

import { setAge } from '../http/age.js';
import { sendPrepared } from '../http/prepared-body.js';
import { PublicUrl } from '../server/public-url.service.js';
import { ReleasesService } from './releases.service.js';

/** `GET /latest`: everything that is stored, as a GitHub release. */
@Public()
@Controller('latest')
export class ReleasesController {
  constructor(
    private readonly store: PackageReader,
    private readonly releases: ReleasesService,
    private readonly publicUrl: PublicUrl,
  ) {}

  @Get()
  async latest(@Req() request: Request, @Res() response: Response): Promise<void> {
    const base = this.publicUrl.baseFor(request);
    const body = await this.releases.latest();
    setAge(response, this.store);
    await sendPrepared(request, response, body, base);
  }
}
