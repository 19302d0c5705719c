import type { Access, Principal } from '#auth';

import { printable } from '../observability/printable.js';
import type { RequestContext } from './request-context.js';

/** Who did or wanted something, and from where, as audit lines say it. What is undefined is left out of a line. */
export function auditFields(
  actor: Principal | undefined,
  request: Pick<RequestContext, 'id' | 'client'> | undefined,
) {
  return {
    actor: actor && printable(actor.name),
    actor_kind: actor?.kind,
    claims: actor?.claims,
    request_id: request?.id,
    remote_address: request?.client.address,
    user_agent: request?.client.user_agent,
  };
}

/** What somebody may not do, likewise. */
export function accessFields(access: Access | undefined) {
  const { scope, file, release } = access ?? {};
  return { scope, name: file && printable(file), release: release && printable(release) };
}
