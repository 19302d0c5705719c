import { Controller, Delete, Get, HttpCode, Param, Patch, Req, Res, UseGuards } from '@nestjs/common';
import accepts from 'accepts';
import type { Request, Response } from 'express';

import { Public } from '#auth';
import { fileOf, PackageReader } from '#storage';

import { ageHeaders } from '../../http/age.js';
import { prepareBody, sendPrepared } from '../../http/prepared-body.js';
import { sendPackage, sendPackageHead } from '../../packages/download.js';
import { PackageLinks } from '../../packages/package-links.js';
import { ReaderViews } from '../../packages/reader-views.js';
import { WriteService } from '../../packages/write.service.js';
import { readJson } from '../../server/json-body.js';
import { Context, RequestContext } from '../../server/request-context.js';
import { MAX_BODY_BYTES } from '../publishing/release-body.js';
import { ReleaseWrites } from '../release-writes.service.js';
import { fileNameFor } from './asset-name.js';
import { GithubApi, JSON_TYPE } from './github-api.js';
import { parseGithubAsset } from './github-body.js';
import { GithubReleases, varyOf } from './github-releases.service.js';
import { githubAsset } from './github.view.js';
import { RELEASES } from './paths.js';
import { RepositoryGuard } from './repository.guard.js';

const BYTES = 'application/octet-stream';

/** `/repos/{owner}/{repo}/releases/assets/{id}`: an asset's description or its bytes, its name and label, and its end. */
@UseGuards(RepositoryGuard)
@Controller(RELEASES)
export class GithubReleaseAssetsController {
  constructor(
    private readonly store: PackageReader,
    private readonly writes: WriteService,
    private readonly releaseWrites: ReleaseWrites,
    private readonly releases: GithubReleases,
    private readonly api: GithubApi,
    private readonly links: PackageLinks,
    private readonly views: ReaderViews,
  ) {}

  /** The bytes only for clients that ask for these, by `Accept: application/octet-stream`. */
  @Public()
  @Get('assets/:id')
  async get(@Param('id') id: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const { catalog, release, asset } = await this.releases.findAsset(id, request);
    await this.views.requireOf(asset.name, request);
    const age = ageHeaders(this.store);
    const headers = varyOf(release.isDraft);
    if (accepts(request).type(['application/json', BYTES]) === BYTES) {
      const further = [...Object.entries(headers).flat(), ...age];
      if (request.method === 'HEAD') return sendPackageHead(request, response, asset, further);
      const opened = await this.store.open(asset.name, { drafts: release.isDraft });
      return sendPackage(request, response, opened, further);
    }
    const view = JSON.stringify(githubAsset(asset, catalog, this.api.addressFor(request), this.links.url));
    await sendPrepared(request, response, prepareBody(JSON_TYPE, view, { headers }), '', age);
  }

  @Patch('assets/:id')
  async edit(
    @Param('id') id: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
    @Context() context: RequestContext,
  ) {
    const { name, label } = parseGithubAsset(await readJson(request, response, MAX_BODY_BYTES));
    let { asset } = await this.releases.findAsset(id, request);
    const file = name ? fileNameFor(name) : fileOf(asset);
    if (file !== fileOf(asset)) asset = await this.releaseWrites.rename(asset, file, context);
    if (label !== undefined) await this.releaseWrites.label(asset, label, context);
    return this.releases.savedAsset(asset, this.api.addressFor(request), request);
  }

  @Delete('assets/:id')
  @HttpCode(204)
  async remove(
    @Param('id') id: string,
    @Req() request: Request,
    @Context() context: RequestContext,
  ): Promise<void> {
    const { asset } = await this.releases.findAsset(id, request);
    await this.writes.remove(asset.name, 'present', context);
  }
}
