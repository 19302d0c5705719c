import type { IncomingMessage, ServerResponse } from 'node:http';

import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';

import { Principals, Public } from '#auth';
import { PackageReader } from '#storage';

import { ageHeaders } from '../../http/age.js';
import { sendPrepared, type PreparedBody } from '../../http/prepared-body.js';
import { ReaderViews } from '../../packages/reader-views.js';
import { PublicUrl } from '../../server/public-url.service.js';
import { contextOf } from '../../server/request-context.js';
import { rootOf } from '../root.js';
import { ReleasePagesService } from './release-pages.service.js';

/** `/releases`, `/releases/tag/{tag}` and `/releases.atom`: the public releases, for people; and with a token drafts, and what its owner may do. */
@Public()
@Controller()
export class ReleasePagesController {
  constructor(
    private readonly store: PackageReader,
    private readonly principals: Principals,
    private readonly pages: ReleasePagesService,
    private readonly publicUrl: PublicUrl,
    private readonly views: ReaderViews,
  ) {}

  @Get('releases')
  async list(
    @Query('page') page: unknown,
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    const number = typeof page === 'string' && /^[1-9]\d{0,8}$/.test(page) ? Number(page) : 1;
    const root = rootOf(contextOf(request).path);
    const principal = await this.principals.of(request);
    const from = this.views.of(request);
    const body =
      principal === undefined
        ? this.pages.list(number, root, from)
        : this.pages.managedList(number, root, principal, from);
    await this.send(await body, request, response);
  }

  /** The wildcard takes tags with slashes too. */
  @Get('releases/tag/*tag')
  async one(
    @Param('tag') segments: string[],
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    const tag = segments.join('/').replace(/(?<=.)\/$/, '');
    const root = rootOf(contextOf(request).path);
    const principal = await this.principals.of(request);
    const from = this.views.of(request);
    const body =
      principal === undefined
        ? this.pages.one(tag, root, from)
        : this.pages.managedOne(tag, root, principal, from);
    await this.send(await body, request, response);
  }

  @Get('releases.atom')
  async feed(@Req() request: IncomingMessage, @Res() response: ServerResponse): Promise<void> {
    await this.send(await this.pages.feed(this.views.of(request)), request, response);
  }

  private async send(body: PreparedBody, request: IncomingMessage, response: ServerResponse): Promise<void> {
    await sendPrepared(request, response, body, this.publicUrl.baseFor(request), ageHeaders(this.store));
  }
}
