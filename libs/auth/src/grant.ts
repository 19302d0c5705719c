import { matchesGlob } from '#glob';

import type { Access, Scope } from './access.js';

/** What a token or an identity may do. Each list narrows what the others leave. */
export interface Grant {
  readonly scopes: readonly Scope[];
  /** Patterns of file names, with `*` and `?`; undefined for all. */
  readonly packages?: readonly string[] | undefined;
  /** Patterns of tags; undefined for all. */
  readonly releases?: readonly string[] | undefined;
}

/**
 * Whether a grant has that access. What is about no package fits every pattern of names, and what is about the server fits
 * those of tags too; a package without a release fits none of these.
 */
export function allows({ scopes, packages, releases }: Grant, { scope, file, release }: Access): boolean {
  if (!scopes.includes(scope)) return false;
  if (packages !== undefined && file !== undefined && !fitsAny(packages, file)) return false;
  if (releases === undefined) return true;
  return release === undefined ? file === undefined : fitsAny(releases, release);
}

function fitsAny(patterns: readonly string[], text: string): boolean {
  return patterns.some((pattern) => matchesGlob(pattern, text));
}
