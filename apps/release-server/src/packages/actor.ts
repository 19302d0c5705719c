import type { Request, Response } from 'express';

import type { AuthenticatedRequest } from '#auth';

import type { Actor } from './publishing.service.js';

/** A request that the guard let through. */
export type WriteRequest = Request & AuthenticatedRequest;

export function actorOf(request: WriteRequest, response: Response): Actor {
  return {
    name: request.principal?.name ?? 'unknown',
    requestId: String(response.getHeader('X-Request-Id')),
  };
}
