import type { Request } from 'express';

/**
 * The way from a page to the root of the server, relative and with a slash at its end: `./` at `/packages`, `../` at
 * `/packages/`. It holds below every prefix that a proxy takes away, whether this server knows of it or not.
 */
export function rootOf(request: Request): string {
  return `./${'../'.repeat(request.path.split('/').length - 2)}`;
}
