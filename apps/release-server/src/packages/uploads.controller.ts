import { Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';

import { Config } from '../config/config.js';
import { PublicUrl } from '../server/public-url.service.js';
import { announcedLength, takeBody } from '../server/request-body.js';
import { Context, RequestContext } from '../server/request-context.js';
import { actorOf } from './actor.js';
import { assertMultipart, openForm } from './multipart-file.js';
import { FORM_OVERHEAD } from './multipart-inspector.js';
import { publishedView, type PublishedView } from './package.view.js';
import { parsePublishOptions } from './publish-options.js';
import { PublishingService } from './publishing.service.js';
import { wholeSize } from './upload-headers.js';

/** `POST /upload`: publish from a form. */
@Controller('upload')
export class UploadsController {
  constructor(
    private readonly publishing: PublishingService,
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
    const options = parsePublishOptions(request);
    assertMultipart(request);
    const size = wholeSize(request.headers);
    const sizeAtMost = announcedLength(request);
    await this.publishing.requireRoom(sizeAtMost, FORM_OVERHEAD);

    const { signal, done } = takeBody(request, response);
    try {
      const { name, content } = await openForm(request, response, this.config.max_upload_size, signal);
      const staged = await this.publishing
        .receive(name, content, options, { size, sizeAtMost }, () => signal)
        .finally(() => content.destroy());
      const result = await this.publishing.publish(staged, name, options, actorOf(context));
      return publishedView(result, base);
    } finally {
      done();
    }
  }
}
