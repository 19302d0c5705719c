import { Injectable, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';

import { DrainService } from './drain.service.js';
import { ProblemError } from './problem.js';

/** Before any route: what no request may have, and what every answer has. */
@Injectable()
export class RequestChecks implements NestMiddleware {
  constructor(private readonly drain: DrainService) {}

  use(request: Request, response: Response, next: NextFunction): void {
    this.drain.track(response);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    // Node takes the first of several; a proxy in front may have taken another (RFC 9112 §3.2).
    if ((request.headersDistinct['host']?.length ?? 0) > 1) {
      throw new ProblemError('bad_request', 'The request has more than one Host header.');
    }
    next();
  }
}
