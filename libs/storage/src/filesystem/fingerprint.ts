import type { BigIntStats } from 'node:fs';

/**
 * What tells one file version from another without reading it: size, mtime and inode. Not ctime, which
 * links and renames change.
 */
export function fingerprintOf(stats: BigIntStats): string {
  return [stats.size, stats.mtimeNs, stats.ino].map((part) => part.toString(16)).join('-');
}

/** Whether two fingerprints tell of one inode with the same number of bytes: it was touched, not written. */
export function isTouched(before: string, after: string): boolean {
  const [sizeBefore, , inodeBefore] = before.split('-');
  const [sizeAfter, , inodeAfter] = after.split('-');
  return sizeBefore === sizeAfter && inodeBefore === inodeAfter;
}

/** Modification time in whole milliseconds since the epoch. */
export function modifiedAt(stats: BigIntStats): number {
  return Number(stats.mtimeNs / 1_000_000n);
}
