import { Controller, Param, Post, Query, Req, Res, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';

import { bodySize } from '../../packages/upload-headers.js';
import { bodyDigests, parseWriteOptions } from '../../packages/write-request.js';
import { WriteService } from '../../packages/write.service.js';
import { RequestBody } from '../../server/request-body.js';
import { Context, RequestContext } from '../../server/request-context.js';
import { assertText } from '../release-fields.js';
import { releaseIn } from '../release-record.js';
import { ReleaseWrites } from '../release-writes.service.js';
import { assetName } from './asset-name.js';
import { GithubApi } from './github-api.js';
import { GithubReleases } from './github-releases.service.js';
import { UPLOADS } from './paths.js';
import { RepositoryGuard } from './repository.guard.js';

/** `POST /repos/{owner}/{repo}/releases/{id}/assets?name=&label=`: publishes the body into the folder of a release. */
@UseGuards(RepositoryGuard)
@Controller(UPLOADS)
export class GithubAssetUploadsController {
  constructor(
    private readonly writes: WriteService,
    private readonly releaseWrites: ReleaseWrites,
    private readonly releases: GithubReleases,
    private readonly api: GithubApi,
  ) {}

  /** The type of the body says what the asset is, and so can be any. */
  @Post(':id/assets')
  async upload(
    @Param('id') id: string,
    @Query() { name, label }: Record<string, unknown>,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
    @Context() context: RequestContext,
  ) {
    const api = this.api.addressFor(request);
    const size = bodySize(request);
    const { catalog, ...found } = await this.releases.find(id, request);
    const release = releaseIn(catalog, found.release);
    const file = assetName(name, release);
    const text = typeof label === 'string' ? label : '';
    assertText('label', text);
    const { sha256 } = parseWriteOptions(request, bodyDigests(request.headers));
    // What was meant for a draft must not become public because the draft is gone.
    const onlyKnown = release.record !== undefined;
    const options = { release: release.tag, condition: 'absent', onlyKnown, sha256 } as const;
    const body = new RequestBody(request, response, size);
    const published = await this.writes.publish(body, file, options, context);
    if (text !== '') await this.releaseWrites.label(published.package, text, context, 'publish');
    const view = await this.releases.savedAsset(published.package, api, request);
    response.setHeader('Location', view.url);
    return view;
  }
}
