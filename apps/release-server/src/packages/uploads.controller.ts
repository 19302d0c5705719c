import { Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';

import { Config } from '../config/config.js';
import { PublicUrl } from '../server/public-url.service.js';
import { announcedLength, RequestBody } from '../server/request-body.js';
import { Context, RequestContext } from '../server/request-context.js';
import { assertMultipart, openForm } from './multipart-file.js';
import { FORM_OVERHEAD } from './multipart-inspector.js';
import { publishedView, type PublishedView } from './package.view.js';
import { wholeSize } from './upload-headers.js';
import { parseOnlyDraft, parseRelease, parseWriteOptions } from './write-request.js';
import { WriteService } from './write.service.js';

/** `POST /upload`: publish from a form, with `?release=` into the folder of that release. */
@Controller('upload')
export class UploadsController {
  constructor(
    private readonly writes: WriteService,
    private readonly publicUrl: PublicUrl,
    private readonly config: Config,
  ) {}

  @Post()
  @HttpCode(200)
  async upload(
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
    @Context() context: RequestContext,
  ): Promise<PublishedView> {
    const base = this.publicUrl.baseFor(request);
    const onlyDraft = parseOnlyDraft(request);
    const options = { ...parseWriteOptions(request), release: parseRelease(request), onlyDraft };
    assertMultipart(request);
    const size = wholeSize(request.headers);
    const sizeAtMost = announcedLength(request);
    await this.writes.requireRoom(sizeAtMost, FORM_OVERHEAD);

    const body = new RequestBody(request, response);
    const { signal, ownsChunks } = body;
    body.accept();
    try {
      const { name, content } = await openForm(request, response, this.config.max_upload_size, signal);
      const dispose = (): void => {
        content.destroy();
        body.dispose();
      };
      const incoming = { stream: content, size, sizeAtMost, signal, ownsChunks, dispose };
      return publishedView(await this.writes.publish(incoming, name, options, context), base);
    } finally {
      body.dispose();
    }
  }
}
