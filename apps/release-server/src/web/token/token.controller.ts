import { Controller, Get, Res } from '@nestjs/common';
import type { Response } from 'express';

import { Context, RequestContext } from '../../server/request-context.js';

/** `GET /token`: whose token it is that the guard let through. */
@Controller('token')
export class TokenController {
  @Get()
  describe(@Context() { principal }: RequestContext, @Res({ passthrough: true }) response: Response) {
    response.setHeader('Cache-Control', 'no-store');
    return { name: principal?.name };
  }
}
