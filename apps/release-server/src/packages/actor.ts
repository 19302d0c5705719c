import { printable } from '../observability/printable.js';
import type { RequestContext } from '../server/request-context.js';
import type { Actor } from './publishing.service.js';

export function actorOf({ id, principal, client }: RequestContext): Actor {
  return { name: printable(principal?.name ?? 'unknown'), requestId: id, client };
}
