import { createHash } from 'node:crypto';
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Not part of any build, so changes do not matter. */
const LEFT_OUT = /^testing$|\.spec\.ts$/;

/**
 * Identifies a state of these files and directories by names, sizes and times, not by content. Whatever
 * writes, renames or replaces a file changes its ctime, which cannot be set back.
 */
export function stateOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths) note(hash, path);
  return hash.digest('hex');
}

function note(hash, path) {
  const status = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (!status?.isDirectory()) {
    hash.update(`${path} ${status?.size} ${status?.mtimeNs} ${status?.ctimeNs} ${status?.ino}\n`);
    return;
  }
  const names = readdirSync(path).filter((name) => !LEFT_OUT.test(name));
  for (const name of names.toSorted()) note(hash, join(path, name));
}
