import type { ServerResponse } from 'node:http';

import { Controller, Get, Param, Query, Req, Res, UseGuards } from '@nestjs/common';
import type { Request } from 'express';

import { Public } from '#auth';
import { PackageReader } from '#storage';

import { ageHeaders } from '../../http/age.js';
import { sendPrepared, type PreparedBody } from '../../http/prepared-body.js';
import { PublicUrl } from '../../server/public-url.service.js';
import { GithubApi } from './github-api.js';
import { GithubReleases } from './github-releases.service.js';
import { pageOf } from './page-of.js';
import { RELEASES } from './paths.js';
import { RepositoryGuard } from './repository.guard.js';

/** `GET /repos/{owner}/{repo}/releases…`: releases as GitHub's REST API has them. */
@Public()
@UseGuards(RepositoryGuard)
@Controller(RELEASES)
export class GithubReleaseReadsController {
  constructor(
    private readonly store: PackageReader,
    private readonly releases: GithubReleases,
    private readonly publicUrl: PublicUrl,
    private readonly api: GithubApi,
  ) {}

  @Get()
  async list(
    @Query() query: Record<string, unknown>,
    @Req() request: Request,
    @Res() response: ServerResponse,
  ): Promise<void> {
    const body = await this.releases.list(this.api.prefixOf(request), pageOf(query), request);
    await this.send(request, response, body);
  }

  @Get('latest')
  async latest(@Req() request: Request, @Res() response: ServerResponse): Promise<void> {
    await this.send(request, response, await this.releases.latest(this.api.prefixOf(request), request));
  }

  /** The wildcard takes tags with slashes, whether these are encoded or not; a trailing slash changes nothing. */
  @Get('tags/*tag')
  async byTag(
    @Param('tag') segments: string[],
    @Req() request: Request,
    @Res() response: ServerResponse,
  ): Promise<void> {
    const tag = segments.join('/').replace(/(?<=.)\/$/, '');
    await this.send(request, response, await this.releases.byTag(this.api.prefixOf(request), tag, request));
  }

  @Get(':id')
  async byId(
    @Param('id') id: string,
    @Req() request: Request,
    @Res() response: ServerResponse,
  ): Promise<void> {
    await this.send(request, response, await this.releases.byId(this.api.prefixOf(request), id, request));
  }

  @Get(':id/assets')
  async assets(
    @Param('id') id: string,
    @Query() query: Record<string, unknown>,
    @Req() request: Request,
    @Res() response: ServerResponse,
  ): Promise<void> {
    const body = await this.releases.assets(this.api.prefixOf(request), id, pageOf(query), request);
    await this.send(request, response, body);
  }

  private async send(request: Request, response: ServerResponse, body: PreparedBody): Promise<void> {
    await sendPrepared(request, response, body, this.publicUrl.baseFor(request), ageHeaders(this.store));
  }
}
