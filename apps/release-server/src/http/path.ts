import type { IncomingMessage } from 'node:http';

/** The path that was asked for, as it was sent: percent-encoded, without the query. */
export function pathOf(request: IncomingMessage & { originalUrl?: string }): string {
  return (request.originalUrl ?? request.url ?? '/').split('?', 1)[0] ?? '/';
}
