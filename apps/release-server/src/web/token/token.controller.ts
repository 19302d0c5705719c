import { Controller, Get, Req, Res } from '@nestjs/common';
import type { Response } from 'express';

import type { AuthenticatedRequest } from '#auth';

/** `GET /token`: whose token it is that the guard let through. */
@Controller('token')
export class TokenController {
  @Get()
  describe(@Req() request: AuthenticatedRequest, @Res({ passthrough: true }) response: Response) {
    response.setHeader('Cache-Control', 'no-store');
    return { name: request.principal?.name };
  }
}
