import type { Principal } from '#auth';
import type { Package } from '#storage';

import type { RequestContext } from '../server/request-context.js';

/** Who makes a change, and in which request where there is one. The context of a request is one. */
export type Requester = Partial<Pick<RequestContext, 'principal' | 'id' | 'client'>>;

/** Who did it, in which request, and when. */
export interface Origin {
  /** For what leaves at a start, {@link RETENTION}. */
  readonly actor: Principal;
  /** The request that did it, where there was one. */
  readonly request: Pick<RequestContext, 'id' | 'client'> | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Something that was done to the packages and will not be undone. */
interface Change extends Origin {
  /** As it is now, or was when it left. */
  readonly package: Package;
}

/** A package became visible under a name that was free. */
export interface PackagePublished extends Change {
  readonly type: 'package.published';
}

/** A package took the place of another of its name. */
export interface PackageOverwritten extends Change {
  readonly type: 'package.overwritten';
  /** The revision that was there before. */
  readonly previous: Package;
}

/** Somebody deleted a package. */
export interface PackageDeleted extends Change {
  readonly type: 'package.deleted';
}

/** Retention removed a package. */
export interface PackageEvicted extends Change {
  readonly type: 'package.evicted';
  /** What the policy says: `made room for a.zip`. */
  readonly reason: string;
  /** The package for which it left; undefined at the start of a server. */
  readonly incoming: Package | undefined;
  /** What the policy goes by. */
  readonly limits: Readonly<Record<string, unknown>>;
}

/** One committed change, told apart by its `type`. */
export type PackageEvent = PackagePublished | PackageOverwritten | PackageDeleted | PackageEvicted;

/** Who makes packages leave when a server starts. */
export const RETENTION: Principal = { name: 'retention' };

/** The origin of what is done now. */
export function originOf(actor: Principal, { id, client }: Requester = {}): Origin {
  const request = id === undefined || client === undefined ? undefined : { id, client };
  return { actor, request, at: Date.now() };
}
