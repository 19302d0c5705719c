import { Controller, Delete, HttpCode, Param, Put, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';

import { assertReleaseTag, isFileName, isReleaseTag, nameInRelease, notFound } from '#storage';

import type { PublishedView } from '../../packages/package.view.js';
import { publishRaw } from '../../packages/publish-raw.js';
import { parseRemoveCondition } from '../../packages/write-request.js';
import { WriteService } from '../../packages/write.service.js';
import { PublicUrl } from '../../server/public-url.service.js';
import { Context, RequestContext } from '../../server/request-context.js';

/** `/releases/{tag}/assets/{file}`: publishes and deletes what lies in the folder of a release. */
@Controller('releases')
export class ReleaseAssetsController {
  constructor(
    private readonly writes: WriteService,
    private readonly publicUrl: PublicUrl,
  ) {}

  @Put(':tag/assets/:file')
  async publish(
    @Param('tag') tag: string,
    @Param('file') file: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
    @Context() context: RequestContext,
  ): Promise<PublishedView> {
    assertReleaseTag(tag);
    const base = this.publicUrl.baseFor(request);
    return publishRaw(this.writes, { file, release: tag }, base, request, response, context);
  }

  @Delete(':tag/assets/:file')
  @HttpCode(204)
  async remove(
    @Param('tag') tag: string,
    @Param('file') file: string,
    @Req() request: Request,
    @Context() context: RequestContext,
  ): Promise<void> {
    if (!isReleaseTag(tag) || !isFileName(file)) throw notFound(file);
    await this.writes.remove(nameInRelease(tag, file), parseRemoveCondition(request), context);
  }
}
