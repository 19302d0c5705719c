import { Injectable, Logger, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';

import { wentOut } from './lingering-close.js';
import { contextOf } from './request-context.js';

const PROBES = new Set(['/healthz', '/readyz']);

/** Tells each client the id of its request, and writes one line when it is answered or its client is gone. */
@Injectable()
export class RequestLog implements NestMiddleware {
  private readonly logger = new Logger('http');

  use(request: Request, response: Response, next: NextFunction): void {
    const started = performance.now();
    const { id, path, address } = contextOf(request);
    const { socket } = request;
    const sentBefore = socket.bytesWritten;
    response.setHeader('X-Request-Id', id);
    response.once('close', () => {
      const line = {
        request_id: id,
        address,
        method: request.method,
        path,
        status: response.statusCode,
        duration_ms: Math.round((performance.now() - started) * 10) / 10,
        bytes: socket.bytesWritten - sentBefore,
        ...(wentOut(response) ? {} : { aborted: true }),
      };
      const message = `${request.method} ${path} ${response.statusCode}`;
      if (PROBES.has(path) && response.statusCode < 400) this.logger.debug(line, message);
      else this.logger.log(line, message);
    });
    next();
  }
}
