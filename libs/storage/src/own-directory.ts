import type { Stats } from 'node:fs';
import { constants } from 'node:fs';
import { mkdir, open, rmdir } from 'node:fs/promises';

import { errnoOf, unless } from './errno.js';
import { StorageError } from './storage.errors.js';

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** What opening fails with where there is something else: a link gives ENOTDIR on Linux and ELOOP elsewhere. */
const NO_DIRECTORY = ['ENOTDIR', 'ELOOP'];
/** What chmod fails with on the file system of another, or on one without modes. */
const NO_MODES = ['EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EROFS'];

/**
 * Creates a directory for files of our own, with this mode whatever the umask, or takes the one that is there. Only a
 * real one: what lies behind a symbolic link is not ours to write to or to clean up.
 */
export async function ownDirectory(path: string, mode: number): Promise<Stats> {
  await unless(['EEXIST'], () => mkdir(path, { mode }));
  return withDirectory(path, async (directory) => {
    const stats = await directory.stat();
    if ((stats.mode & 0o7777) !== mode) await unless(NO_MODES, () => directory.chmod(mode));
    return stats;
  });
}

/** Removes a directory, unless there is something in it, or it has gone. */
export async function removeIfEmpty(path: string): Promise<void> {
  await unless(['ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST'], () => rmdir(path));
}

/** Refuses a path at which there is no real directory, or no longer. */
export async function assertRealDirectory(path: string): Promise<void> {
  await withDirectory(path, () => Promise.resolve());
}

async function withDirectory<T>(
  path: string,
  use: (directory: Awaited<ReturnType<typeof open>>) => Promise<T>,
): Promise<T> {
  const directory = await open(path, DIRECTORY).catch((error: unknown) => {
    if (!NO_DIRECTORY.includes(errnoOf(error) ?? '')) throw error;
    throw new StorageError(
      'storage_failed',
      `${path} is a symbolic link or a file, and has to be a real directory, since the server writes and removes ` +
        'files of its own in it: move away what is there, and start the server again.',
      { cause: error },
    );
  });
  try {
    return await use(directory);
  } finally {
    await directory.close();
  }
}
