import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';

import { Public } from '#auth';
import { PackageReader } from '#storage';

import { ageHeaders } from '../../http/age.js';
import { sendPrepared } from '../../http/prepared-body.js';
import { PublicUrl } from '../../server/public-url.service.js';
import { contextOf } from '../../server/request-context.js';
import { rootOf } from '../root.js';
import { parseListQuery } from '../../packages/package-list.query.js';
import { PackageListService } from '../../packages/package-list.service.js';
import { PackagesPageService } from './packages-page.service.js';

/** `GET /packages`: the list, as a page or as JSON. */
@Public()
@Controller('packages')
export class PackagesController {
  constructor(
    private readonly store: PackageReader,
    private readonly packages: PackageListService,
    private readonly pages: PackagesPageService,
    private readonly publicUrl: PublicUrl,
  ) {}

  @Get()
  async list(@Query() rawQuery: unknown, @Req() request: Request, @Res() response: Response): Promise<void> {
    const asked = parseListQuery(rawQuery);
    const format = asked.format ?? (request.accepts(['html', 'json']) === 'json' ? 'json' : 'html');
    // Clients that read the page as an index of links read it once, and all of it; people turn pages.
    const turnsPages = format === 'html' && request.accepts()[0] === 'text/html';
    const query = { ...asked, page: asked.page ?? (turnsPages ? 1 : undefined) };
    const base = this.publicUrl.baseFor(request);
    const body = await (format === 'json'
      ? this.packages.list(query)
      : this.pages.page(query, rootOf(contextOf(request).path)));
    await sendPrepared(request, response, body, base, ageHeaders(this.store));
  }
}
