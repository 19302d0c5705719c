import type { BigIntStats } from 'node:fs';

import { clampTime, isPublishTime } from '../publish-time.js';

/**
 * What tells one revision of a file from another without reading it: size, mtime, inode and ctime. Programs can set an mtime,
 * as `cp -p` does, but no ctime; a link, a rename and a chmod move that too, though they leave the bytes alone.
 */
export function fingerprintOf({ size, mtimeNs, ino, ctimeNs }: BigIntStats): string {
  return [size, mtimeNs, ino, ctimeNs].map((part) => BigInt.asUintN(128, part).toString(16)).join('-');
}

/** Whether two fingerprints differ in the ctime at most: what we moved ourselves is the same file afterwards. */
export function isMoved(before: string, after: string): boolean {
  const [was, is] = [before.split('-'), after.split('-')];
  return [0, 1, 2].every((part) => was[part] === is[part]);
}

/** Whether two fingerprints tell of one inode with the same number of bytes: it may have been touched only. */
export function isTouched(before: string, after: string): boolean {
  const [was, is] = [before.split('-'), after.split('-')];
  return was[0] === is[0] && was[2] === is[2];
}

/** The ctime in a fingerprint, in nanoseconds since the epoch. */
export function ctimeIn(fingerprint: string): bigint {
  return BigInt.asIntN(128, BigInt(`0x${fingerprint.split('-')[3] ?? '0'}`));
}

/**
 * Milliseconds within which a file may change once more without a new ctime: a tick of the kernel, or of a file system
 * that keeps whole seconds.
 */
export function tickOf({ ctimeNs }: BigIntStats): number {
  return ctimeNs % 1_000_000_000n === 0n ? 2000 : 20;
}

/**
 * Modification time in whole milliseconds since the epoch. A file may say any, such as one of the year 3,170,843; where
 * no package can have it, the ctime counts, which is when the file came here.
 */
export function modifiedAt({ mtimeNs, ctimeNs }: BigIntStats): number {
  const modified = Number(mtimeNs / 1_000_000n);
  return isPublishTime(modified) ? modified : clampTime(Number(ctimeNs / 1_000_000n));
}
