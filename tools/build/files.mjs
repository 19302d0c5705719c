import { createHash } from 'node:crypto';
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** What is in no build: whether it changes makes no difference. */
const LEFT_OUT = /^testing$|\.spec\.ts$/;

/**
 * What tells one state of these files and directories from another: names, sizes and times, not the content. Whatever
 * writes, renames or replaces a file moves its ctime, which nothing sets back.
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
