import type { IncomingMessage, ServerResponse } from 'node:http';

import { Controller, Delete, Get, HttpCode, Param, Put, Req, Res, type OnModuleInit } from '@nestjs/common';
import type { Request, Response } from 'express';

import { Public } from '#auth';
import { isFileName, notFound, PackageReader } from '#storage';

import { ageHeaders } from '../http/age.js';
import { PublicUrl } from '../server/public-url.service.js';
import { ReadPath } from '../server/read-path.js';
import { Context, RequestContext } from '../server/request-context.js';
import { sendContent, sendPackage, sendPackageHead } from './download.js';
import type { PublishedView } from './package.view.js';
import { ReaderViews } from './reader-views.js';
import { publishRaw } from './publish-raw.js';
import { parseRemoveCondition } from './write-request.js';
import { WriteService } from './write.service.js';

/**
 * `/assets/{filename}`: download, publish raw, delete. The wildcard takes names with slashes too, so that they
 * are refused as names.
 */
@Controller('assets')
export class AssetsController implements OnModuleInit {
  constructor(
    private readonly store: PackageReader,
    private readonly writes: WriteService,
    private readonly publicUrl: PublicUrl,
    private readonly reads: ReadPath,
    private readonly views: ReaderViews,
  ) {}

  onModuleInit(): void {
    this.reads.add('/assets/*filename', AssetsController, 'download', (request, response, _context, name) =>
      this.send(name, request, response),
    );
  }

  /** Answers HEAD too. */
  @Public()
  @Get('*filename')
  download(
    @Param('filename') segments: string[],
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): void | Promise<void> {
    const name = nameOf(segments);
    if (!isFileName(name)) throw notFound(name);
    return this.send(name, request, response);
  }

  @Put('*filename')
  async publish(
    @Param('filename') segments: string[],
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
    @Context() context: RequestContext,
  ): Promise<PublishedView> {
    const base = this.publicUrl.baseFor(request);
    return publishRaw(this.writes, { file: nameOf(segments) }, base, request, response, context);
  }

  @Delete('*filename')
  @HttpCode(204)
  async remove(
    @Param('filename') segments: string[],
    @Req() request: Request,
    @Context() context: RequestContext,
  ): Promise<void> {
    const name = nameOf(segments);
    if (!isFileName(name)) throw notFound(name);
    await this.writes.remove(name, parseRemoveCondition(request), context);
  }

  private send(name: string, request: IncomingMessage, response: ServerResponse): void | Promise<void> {
    if (!this.views.asksFor(request)) return this.answer(name, request, response);
    return this.views.requireOf(name, request).then(() => this.answer(name, request, response));
  }

  private answer(name: string, request: IncomingMessage, response: ServerResponse): void | Promise<void> {
    const content = this.store.peekContent(name);
    if (content === undefined) return this.open(name, request, response);
    sendContent(request, response, content, ageHeaders(this.store));
  }

  private async open(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'HEAD') {
      const stored = await this.store.find(name);
      if (stored === undefined) throw notFound(name);
      sendPackageHead(request, response, stored, ageHeaders(this.store));
      return;
    }
    const opened = await this.store.open(name);
    await sendPackage(request, response, opened, ageHeaders(this.store));
  }
}

/** The name in the path, decoded; a trailing slash changes nothing. */
function nameOf(segments: readonly string[]): string {
  return segments.join('/').replace(/(?<=.)\/$/, '');
}
