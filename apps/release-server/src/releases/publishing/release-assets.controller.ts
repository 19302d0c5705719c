import { Controller, Delete, HttpCode, Param, Put, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';

import { assertReleaseTag, isFileName, isReleaseTag, nameInRelease, notFound } from '#storage';

import type { PublishedView } from '../../packages/package.view.js';
import { publishRaw } from '../../packages/publish-raw.js';
import { parseRemoveCondition } from '../../packages/write-request.js';
import { WriteService } from '../../packages/write.service.js';
import { PublicUrl } from '../../server/public-url.service.js';
import { Context, RequestContext } from '../../server/request-context.js';

/** `/releases/{tag}/assets/{filename}`: publishes and deletes what lies in the folder of a release. */
@Controller('releases/:tag')
export class ReleaseAssetsController {
  constructor(
    private readonly writes: WriteService,
    private readonly publicUrl: PublicUrl,
  ) {}

  @Put('assets/:filename')
  async publish(
    @Param('tag') tag: string,
    @Param('filename') filename: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
    @Context() context: RequestContext,
  ): Promise<PublishedView> {
    assertReleaseTag(tag);
    const base = this.publicUrl.baseFor(request);
    return publishRaw(this.writes, { file: filename, release: tag }, base, request, response, context);
  }

  @Delete('assets/:filename')
  @HttpCode(204)
  async remove(
    @Param('tag') tag: string,
    @Param('filename') filename: string,
    @Req() request: Request,
    @Context() context: RequestContext,
  ): Promise<void> {
    if (!isReleaseTag(tag) || !isFileName(filename)) throw notFound(filename);
    await this.writes.remove(nameInRelease(tag, filename), parseRemoveCondition(request), context);
  }
}
