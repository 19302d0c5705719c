import { StorageError } from './storage.errors.js';

/** What `link` fails with where the file system has no hard links, or may not make them. */
export const NO_HARD_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/** The code of a system error; by its shape, for not every realm's errors are instances of this one's `Error`. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** A system call's failure as a coded error; errors that are coded already, or no system errors, pass unchanged. */
export function toStorageError(error: unknown, doing: string): unknown {
  const errno = errnoOf(error);
  if (errno === undefined || !Object.hasOwn(error as object, 'syscall')) return error;
  if (errno === 'ENOSPC' || errno === 'EDQUOT') {
    return new StorageError('insufficient_storage', `The storage is full: ${doing} failed with ${errno}.`, {
      cause: error,
    });
  }
  if (errno === 'EMFILE' || errno === 'ENFILE') {
    return new StorageError('storage_busy', `Too many files are open: ${doing} failed with ${errno}.`, {
      cause: error,
    });
  }
  return new StorageError('storage_failed', `The storage failed: ${doing} failed with ${errno}.`, {
    cause: error,
  });
}

/** Runs a step whose system calls fail as coded errors. */
export async function coded<T>(doing: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw toStorageError(error, doing);
  }
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
