import { StorageError } from '../storage.errors.js';

/** What `link` fails with where the file system has no hard links, or may not make them. */
export const NO_HARD_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** A system call's failure as a coded error; errors that are coded already, or no system errors, pass unchanged. */
export function toStorageError(error: unknown, doing: string): unknown {
  const errno = errnoOf(error);
  if (
    error instanceof StorageError ||
    errno === undefined ||
    !(error instanceof Error && 'syscall' in error)
  ) {
    return error;
  }
  if (errno === 'ENOSPC' || errno === 'EDQUOT') {
    return new StorageError('insufficient_storage', `The storage is full: ${doing} failed with ${errno}.`, {
      cause: error,
    });
  }
  return new StorageError('storage_failed', `The storage failed: ${doing} failed with ${errno}.`, {
    cause: error,
  });
}

/** Runs a step that may fail with one of the given codes, and says whether it succeeded. */
export async function unless(errnos: readonly string[], step: () => Promise<unknown>): Promise<boolean> {
  try {
    await step();
    return true;
  } catch (error) {
    if (errnos.includes(errnoOf(error) ?? '')) return false;
    throw error;
  }
}
