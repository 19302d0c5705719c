// Decided as the server does.
import { SCOPES } from '../../../../libs/auth/src/access.js';
import { allows, type Grant } from '../../../../libs/auth/src/grant.js';

/** Whose a token is and what it may do, as `GET /token` tells. */
export interface Owner extends Grant {
  readonly name: string;
  readonly kind?: 'shared_secret' | 'token' | 'identity' | undefined;
}

/** A package on a page. */
export interface Shown {
  /** Without the folder. */
  readonly file: string;
  /** Tag of its folder, or of the version in its name. */
  readonly release: string | undefined;
}

/** Whether there is anything that the owner may publish. */
export function mayPublish({ scopes }: Owner): boolean {
  return scopes.includes('publish') || scopes.includes('overwrite');
}

export function mayDelete(owner: Owner, shown: Shown): boolean {
  return allows(owner, { scope: 'delete', ...shown });
}

/** Of patterns, how many are told. */
const TOLD = 3;

/** Who it is, beside the name: `token`. */
export function kindOf({ kind }: Owner): string | undefined {
  return kind?.replace('_', ' ');
}

/** What the owner may, in words: `may publish, overwrite; packages x-*`. */
export function rightsOf({ scopes, packages, releases }: Owner): string {
  const may = scopes.length === SCOPES.length ? 'do everything' : scopes.join(', ') || 'do nothing';
  return [`may ${may}`, narrowed('packages', packages), narrowed('releases', releases)]
    .filter((part) => part !== undefined)
    .join('; ');
}

function narrowed(what: string, patterns: readonly string[] | undefined): string | undefined {
  if (patterns === undefined) return undefined;
  const more = patterns.length - TOLD;
  if (patterns.length === 0) return `${what} none`;
  return `${what} ${patterns.slice(0, TOLD).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
