import type { Principal } from '#auth';
import type { Package, ReleaseRecord } from '#storage';

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

/** A package came into a draft, which nobody sees before it is published. */
export interface PackageDrafted extends Change {
  readonly type: 'package.drafted';
}

/** Somebody took a package out of a draft. */
export interface PackageDiscarded extends Change {
  readonly type: 'package.discarded';
}

/** A package has another name in its release. */
export interface PackageRenamed extends Change {
  readonly type: 'package.renamed';
  /** As it was. */
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

/** One committed change of a package, told apart by its `type`. */
export type PackageEvent =
  | PackagePublished
  | PackageOverwritten
  | PackageDeleted
  | PackageEvicted
  | PackageDrafted
  | PackageDiscarded
  | PackageRenamed;

/**
 * Something that was done to a release as a whole. Its packages are said as well, before it: each that became visible with
 * it as published, and each that left with it as deleted.
 */
export interface ReleaseEvent extends Origin {
  /**
   * `published`: it became public, whether it was a draft before or not. `drafted`: it became a draft, or is a new one; what
   * was public of it is hidden. `edited`: what is said of it changed.
   */
  readonly type: 'release.published' | 'release.drafted' | 'release.edited' | 'release.deleted';
  readonly tag: string;
  /** As it is now, or was when it left; undefined for one that was nothing but packages. */
  readonly release: ReleaseRecord | undefined;
}

/** Who makes packages leave when a server starts. */
export const RETENTION: Principal = { name: 'retention' };

/** The origin of what is done now. */
export function originOf(actor: Principal, { id, client }: Requester = {}): Origin {
  const request = id === undefined || client === undefined ? undefined : { id, client };
  return { actor, request, at: Date.now() };
}
