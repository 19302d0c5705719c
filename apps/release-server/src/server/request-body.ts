import type { IncomingMessage, ServerResponse } from 'node:http';

import { ProblemError } from '../problems/problem.js';

/** Milliseconds without a byte after which a body counts as stalled. However slow, a body that moves may take its time. */
const STALL = 30_000;

/** The announced length of the body in bytes; undefined when it comes in chunks. */
export function announcedLength(request: IncomingMessage): number | undefined {
  const length = request.headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

/**
 * Begins to take the body: tells a client that waits for it to go on (`Expect: 100-continue`), and returns a
 * signal that aborts when the body stalls. `done` ends the watch.
 */
export function takeBody(
  request: IncomingMessage,
  response: ServerResponse,
): { readonly signal: AbortSignal; readonly done: () => void } {
  const stalled = new AbortController();
  const onStall = (): void => {
    const seconds = STALL / 1000;
    stalled.abort(new ProblemError('request_timeout', `No byte of the body came for ${seconds} seconds.`));
  };
  request.setTimeout(STALL, onStall);
  if (request.headers.expect?.toLowerCase() === '100-continue') response.writeContinue();
  return {
    signal: stalled.signal,
    done: () => {
      request.setTimeout(0);
      request.off('timeout', onStall);
    },
  };
}
