import { statfs } from 'node:fs/promises';

/**
 * File systems (`f_type` of statfs(2)) that nobody but this kernel writes to: ext, XFS, Btrfs, tmpfs, overlayfs, ZFS,
 * F2FS, bcachefs. A network file system is not among them: it may take any time to answer, and tells nothing of what other hosts do.
 */
const LOCAL = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0x2fc12fc1, 0xf2f52010, 0xca451a4e,
]);

/** Whether a path is on a file system of this machine alone; where that cannot be known, it is not. */
export async function isOnLocalFilesystem(path: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  return statfs(path).then(
    ({ type }) => LOCAL.has(type),
    () => false,
  );
}
