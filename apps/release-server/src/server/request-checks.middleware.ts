import { Injectable, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';

import { DrainService } from './drain.service.js';
import { ProblemError } from '../problems/problem.js';
import { SECURITY_HEADERS } from '../http/security-headers.js';

/** Characters of a list of what a client accepts; those of browsers and programs have some 200. */
const LONGEST_LIST = 2000;

/** Before any route: what no request may have, and what every answer has. */
@Injectable()
export class RequestChecks implements NestMiddleware {
  constructor(private readonly drain: DrainService) {}

  use(request: Request, response: Response, next: NextFunction): void {
    this.drain.track(response);
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    if (isPlainNavigation(request)) response.removeHeader('Cross-Origin-Opener-Policy');
    // Node takes the first of several Host headers, and a proxy in front may have taken another (RFC 9112 §3.2).
    const hosts = request.headersDistinct['host']?.length ?? 0;
    if (hosts > 1 || (hosts === 0 && request.httpVersion === '1.1')) {
      response.setHeader('Connection', 'close');
      throw new ProblemError('bad_request', 'The request needs exactly one Host header.');
    }
    if (request.httpVersionMajor !== 1) {
      response.setHeader('Connection', 'close');
      throw new ProblemError('bad_request', 'The version of HTTP has to be 1.0 or 1.1.');
    }
    const coding = request.headers['transfer-encoding'];
    // Who read the request before, and knew no codings, may have taken its body for the next request (RFC 9112 §6.1).
    if (coding !== undefined && request.httpVersion === '1.0') {
      response.setHeader('Connection', 'close');
      throw new ProblemError('bad_request', 'HTTP/1.0 has no transfer codings.');
    }
    if (coding !== undefined && coding.toLowerCase() !== 'chunked') {
      response.setHeader('Connection', 'close');
      throw new ProblemError('bad_request', 'The only transfer coding is chunked.');
    }
    forgetLongLists(request);
    next();
  }
}

/**
 * Whether a browser opens a page under a name without TLS: then it sends no `Sec-Fetch-*` (Fetch Metadata §2), ignores
 * the opener policy, and complains of it in its console.
 */
function isPlainNavigation({ headers }: Request): boolean {
  return headers['upgrade-insecure-requests'] === '1' && headers['sec-fetch-mode'] === undefined;
}

/**
 * A head may hold lists of thousands of members, each of which is taken apart whenever it is asked for. What is this
 * long nobody means: it counts as no preference (RFC 9110 §12.5.1), and nothing is compressed for it.
 */
function forgetLongLists({ headers }: Request): void {
  if ((headers.accept?.length ?? 0) > LONGEST_LIST) delete headers.accept;
  const codings = headers['accept-encoding'];
  if (codings !== undefined && codings.length > LONGEST_LIST) headers['accept-encoding'] = 'identity';
}
