import { lstat, mkdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { ownDirectory } from '../own-directory.js';
import { leftoversIn } from '../staging/leftovers.js';
import { isAbandoned } from '../staging/owner.js';
import { StorageError } from '../storage.errors.js';

const OTHERS_MAY_WRITE = 0o022;

/** Where below `spool_path` uploads are received: a directory of our own, whatever else `spool_path` holds. */
export function spoolIn(spoolPath: string): string {
  return join(spoolPath, 'release-server-spool');
}

/** Creates it, readable for nobody else, and removes what processes that are gone had received there. */
export async function prepareSpool(spoolPath: string): Promise<void> {
  const spool = spoolIn(spoolPath);
  await mkdir(spoolPath, { recursive: true });
  await assertNotOfOthers(spoolPath);
  await ownDirectory(spool, 0o700);
  await assertNotOfOthers(spool);
  for (const { path } of await leftoversIn(spool, isAbandoned)) await rm(path, { force: true });
}

/** In a place like /tmp somebody else may have been faster, and could then read and replace what we receive. */
async function assertNotOfOthers(path: string): Promise<void> {
  const [{ uid }, parent] = [await lstat(path), await stat(dirname(path))];
  const user = process.geteuid?.() ?? uid;
  if ((parent.mode & OTHERS_MAY_WRITE) === 0 || uid === user || uid === 0) return;
  throw new StorageError(
    'storage_failed',
    `${path} belongs to another user (uid ${uid}), who could read and change uploads there: set s3.spool_path to ` +
      'another directory, or remove that one.',
  );
}
