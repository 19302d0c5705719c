import type { FileHandle } from 'node:fs/promises';

import { Logger } from '@nestjs/common';

import { unless } from './errno.js';

/** What fsync fails with where the file system does not know it, as with SMB, some FUSE and shared folders. */
export const NO_FSYNC = ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

const warned = new Set<string>();

/** Makes a file or a directory durable, as far as its file system knows how to. An error of the disk is thrown. */
export async function syncOf(handle: Pick<FileHandle, 'sync'>, kind: 'files' | 'directories'): Promise<void> {
  if (!(await unless(NO_FSYNC, () => handle.sync()))) warnNoSync(kind);
}

/** Says once that what is acknowledged may be gone after a power cut. */
export function warnNoSync(kind: 'files' | 'directories'): void {
  if (warned.has(kind)) return;
  warned.add(kind);
  new Logger('storage').warn(
    `the file system does not know fsync of ${kind}: what was just published may be lost in a power cut`,
  );
}
