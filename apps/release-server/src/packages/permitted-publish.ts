import type { AuthError, Permissions, Principal } from '#auth';
import { StorageError, type PublishCondition } from '#storage';

import { accessTo } from './access-to.js';

/** What a principal may do of a publish. */
export interface PermittedPublish {
  readonly actor: Principal;
  /** What is left of the condition: a store decides by it, in the very step, so that nothing happens that may not. */
  readonly condition: PublishCondition;
  /** Why it is not all that was asked for. */
  readonly lacking?: AuthError | undefined;
}

/**
 * Asks whether a principal may publish under that name: `publish` where it is free, `overwrite` where something is to be
 * replaced. With one of both, only that is left. Rejects as `Permissions.require`.
 */
export async function permittedPublish(
  permissions: Permissions,
  principal: Principal | undefined,
  name: string,
  condition: PublishCondition,
): Promise<PermittedPublish> {
  if (condition !== 'any' || principal === undefined) {
    const scope = condition === 'absent' ? 'publish' : 'overwrite';
    return { actor: await permissions.require(principal, accessTo(scope, name)), condition };
  }
  const publish = await permissions.refusal(principal, accessTo('publish', name));
  const overwrite = await permissions.refusal(principal, accessTo('overwrite', name));
  if (publish !== undefined && overwrite !== undefined) throw publish;
  if (overwrite !== undefined) return { actor: principal, condition: 'absent', lacking: overwrite };
  if (publish !== undefined) return { actor: principal, condition: 'present', lacking: publish };
  return { actor: principal, condition };
}

/** The permission for want of which a store refused; undefined where it refused for something else. */
export function lackingFor(error: unknown, { condition, lacking }: PermittedPublish): AuthError | undefined {
  if (lacking === undefined || !(error instanceof StorageError)) return undefined;
  const isTaken = error.code === 'package_exists' && error.existing !== undefined;
  return (condition === 'absent' ? isTaken : error.code === 'precondition_failed') ? lacking : undefined;
}
