import type { Package } from '#storage';

/** The digest of a package as JSON has it, `sha256:<hex>`; null until a file that was dropped in by hand is hashed. */
export function digestOf({ sha256 }: Pick<Package, 'sha256'>): string | null {
  return sha256 === undefined ? null : `sha256:${sha256}`;
}
