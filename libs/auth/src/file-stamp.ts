import type { BigIntStats } from 'node:fs';

/** What tells one state of a file from another: a copy over it, a rename, and a symbolic link that leads elsewhere. */
export function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join('-');
}
