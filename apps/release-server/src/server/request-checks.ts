import type { IncomingMessage, ServerResponse } from 'node:http';

import { ProblemError } from '../problems/problem.js';

/** Characters of a list of what a client accepts; those of browsers and programs have some 200. */
const LONGEST_LIST = 2000;
const NO_ADDRESS = /[^\x21-\x7e]|#/;

/** Refuses what no request may have: a proxy in front may have read it as another request, or as several. */
export function checkRequest(request: IncomingMessage, response: ServerResponse): void {
  const fault = faultOf(request);
  if (fault !== undefined) {
    response.setHeader('Connection', 'close');
    throw new ProblemError('bad_request', fault);
  }
  forgetLongLists(request);
}

function faultOf(request: IncomingMessage): string | undefined {
  // Node takes the first of several Host headers, and a proxy in front may have taken another (RFC 9112 §3.2).
  const hosts = countHosts(request.rawHeaders);
  if (hosts > 1 || (hosts === 0 && request.httpVersion === '1.1')) {
    return 'The request needs exactly one Host header.';
  }
  // Express takes such an address apart in another way than one that is plain (RFC 9112 §3.2, RFC 3986 §2).
  if (NO_ADDRESS.test(request.url ?? '')) return 'The address has to be ASCII, without a fragment.';
  if (request.httpVersionMajor !== 1) return 'The version of HTTP has to be 1.0 or 1.1.';
  const coding = request.headers['transfer-encoding'];
  // Who read the request before, and knew no codings, may have taken its body for the next request (RFC 9112 §6.1).
  if (coding !== undefined && request.httpVersion === '1.0') return 'HTTP/1.0 has no transfer codings.';
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') {
    return 'The only transfer coding is chunked.';
  }
  return undefined;
}

function countHosts(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === 'host') count += 1;
  }
  return count;
}

/**
 * A head may hold lists of thousands of members, each of which is taken apart whenever it is asked for. What is this
 * long nobody means: it counts as no preference (RFC 9110 §12.5.1), and nothing is compressed for it.
 */
function forgetLongLists({ headers }: IncomingMessage): void {
  if ((headers.accept?.length ?? 0) > LONGEST_LIST) delete headers.accept;
  const codings = headers['accept-encoding'];
  if (codings !== undefined && codings.length > LONGEST_LIST) headers['accept-encoding'] = 'identity';
}
