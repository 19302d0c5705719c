import type { IncomingMessage, ServerResponse } from 'node:http';

import { Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';

import { printable } from '../observability/printable.js';
import { wentOut } from './lingering-close.js';
import { PROBES } from './probes.js';
import type { RequestContext } from './request-context.js';

/** Writes one line for each request, by one call of pino's own logger: Nest's on top of it costs as much again. */
@Injectable()
export class RequestLog {
  constructor(private readonly pino: PinoLogger) {}

  /** Of a request that is answered, or whose client is gone. */
  write(context: RequestContext, { method, socket }: IncomingMessage, response: ServerResponse): void {
    const { path } = context;
    const status = response.statusCode;
    const line = {
      module: 'http',
      request_id: context.id,
      remote_address: context.address,
      actor: context.principal && printable(context.principal.name),
      method,
      path,
      status,
      duration_ms: Math.round((performance.now() - context.arrivedAt) * 10) / 10,
      bytes: socket.bytesWritten - context.sentBefore,
      // Left out of the line where it is undefined.
      aborted: wentOut(response) ? undefined : true,
    };
    const message = `${method} ${path} ${status}`;
    if (PROBES.has(path) && status < 400) this.pino.logger.debug(line, message);
    else this.pino.logger.info(line, message);
  }
}
