import type { IncomingMessage, ServerResponse } from 'node:http';

import { Logger } from '@nestjs/common';

import { wentOut } from './lingering-close.js';
import { PROBES } from './probes.js';
import type { RequestContext } from './request-context.js';

const logger = new Logger('http');

/** Tells a client the id of its request, and writes one line when that is answered or the client is gone. */
export function logRequest(
  { id, path, address }: RequestContext,
  { method, socket }: IncomingMessage,
  response: ServerResponse,
): void {
  const started = performance.now();
  const sentBefore = socket.bytesWritten;
  response.setHeader('X-Request-Id', id);
  response.once('close', () => {
    const status = response.statusCode;
    const line = {
      request_id: id,
      address,
      method,
      path,
      status,
      duration_ms: Math.round((performance.now() - started) * 10) / 10,
      bytes: socket.bytesWritten - sentBefore,
      ...(wentOut(response) ? {} : { aborted: true }),
    };
    const message = `${method} ${path} ${status}`;
    if (PROBES.has(path) && status < 400) logger.debug(line, message);
    else logger.log(line, message);
  });
}
