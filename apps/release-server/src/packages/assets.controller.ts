import { Controller, Delete, Get, HttpCode, Param, Put, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';

import { Public } from '#auth';
import { notFound, PackageReader } from '#storage';

import { setAge } from '../http/age.js';
import { entityTag } from '../http/conditional.js';
import { PublicUrl } from '../server/public-url.service.js';
import { RequestBody } from '../server/request-body.js';
import { Context, RequestContext } from '../server/request-context.js';
import { sendPackage, sendPackageHead } from './download.js';
import { publishedView, type PublishedView } from './package.view.js';
import { rawSize } from './upload-headers.js';
import { bodyDigests, parseRemoveCondition, parseWriteOptions } from './write-request.js';
import { WriteService } from './write.service.js';

/**
 * `/assets/{filename}`: download, publish raw, delete. The wildcard takes names with slashes too, so that they
 * are refused as names.
 */
@Controller('assets')
export class AssetsController {
  constructor(
    private readonly store: PackageReader,
    private readonly writes: WriteService,
    private readonly publicUrl: PublicUrl,
  ) {}

  /** Answers HEAD too. */
  @Public()
  @Get('*filename')
  async download(
    @Param('filename') segments: string[],
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const name = nameOf(segments);
    if (request.method === 'HEAD') {
      const stored = await this.describe(name);
      setAge(response, this.store);
      sendPackageHead(request, response, stored);
      return;
    }
    const opened = await this.store.open(name);
    setAge(response, this.store);
    await sendPackage(request, response, opened);
  }

  @Put('*filename')
  async publish(
    @Param('filename') segments: string[],
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
    @Context() context: RequestContext,
  ): Promise<PublishedView> {
    const name = nameOf(segments);
    const base = this.publicUrl.baseFor(request);
    const size = rawSize(request);
    const options = parseWriteOptions(request, bodyDigests(request.headers));
    const body = new RequestBody(request, response, size);
    const result = await this.writes.publish(body, name, options, context);

    const view = publishedView(result, base);
    response.status(result.replaced === undefined ? 201 : 200);
    response.setHeader('ETag', entityTag(result.package));
    if (result.replaced === undefined) response.setHeader('Location', view.url);
    return view;
  }

  @Delete('*filename')
  @HttpCode(204)
  async remove(
    @Param('filename') segments: string[],
    @Req() request: Request,
    @Context() context: RequestContext,
  ): Promise<void> {
    await this.writes.remove(nameOf(segments), parseRemoveCondition(request), context);
  }

  private async describe(name: string) {
    const stored = await this.store.find(name);
    if (stored === undefined) throw notFound(name);
    return stored;
  }
}

/** The name in the path, decoded; a trailing slash changes nothing. */
function nameOf(segments: readonly string[]): string {
  return segments.join('/').replace(/(?<=.)\/$/, '');
}
