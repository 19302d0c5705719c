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
    // Node takes the first of several Host headers, and a proxy in front may have taken another (RFC 9112 §3.2).
    const hosts = request.headersDistinct['host']?.length ?? 0;
    if (hosts > 1 || (hosts === 0 && request.httpVersion === '1.1')) {
      response.setHeader('Connection', 'close');
      throw new ProblemError('bad_request', 'The request needs exactly one Host header.');
    }
    const coding = request.headers['transfer-encoding'];
    if (coding !== undefined && coding.toLowerCase() !== 'chunked') {
      response.setHeader('Connection', 'close');
      throw new ProblemError('bad_request', 'The only transfer coding is chunked.');
    }
    next();
  }
}
