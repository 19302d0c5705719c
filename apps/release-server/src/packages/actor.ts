import type { Request, Response } from 'express';

import type { AuthenticatedRequest } from '#auth';

import { clientOf } from '../server/client.js';
import { printable } from '../observability/printable.js';
import type { Actor } from './publishing.service.js';

/** A request that the guard let through. */
export type WriteRequest = Request & AuthenticatedRequest;

export function actorOf(request: WriteRequest, response: Response): Actor {
  return {
    name: printable(request.principal?.name ?? 'unknown'),
    requestId: String(response.getHeader('X-Request-Id')),
    client: clientOf(request),
  };
}
