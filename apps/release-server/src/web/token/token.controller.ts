import { Controller, Get, Res } from '@nestjs/common';
import type { Response } from 'express';

import { SCOPES } from '#auth';

import { Context, RequestContext } from '../../server/request-context.js';

/** `GET /token`: whose token it is that the guard let through, and what it may do. */
@Controller('token')
export class TokenController {
  @Get()
  describe(@Context() { principal }: RequestContext, @Res({ passthrough: true }) response: Response) {
    response.setHeader('Cache-Control', 'no-store');
    const { scopes, packages, releases } = principal?.grant ?? { scopes: SCOPES };
    return { name: principal?.name, kind: principal?.kind, scopes, packages, releases };
  }
}
