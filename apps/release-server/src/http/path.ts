import type { IncomingMessage } from 'node:http';

/**
 * The path that was asked for, as it was sent: percent-encoded, without the query, and without scheme, user and
 * host where a client sends the whole address (RFC 9112 §3.2.2).
 */
export function pathOf(request: IncomingMessage & { originalUrl?: string }): string {
  const [path = '/'] = (request.originalUrl ?? request.url ?? '/').split('?', 1);
  return path.replace(/^[a-z]+:\/\/[^/]*/i, '') || '/';
}
