import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rmdir } from 'node:fs/promises';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { root, succeeds, type Need } from './tools.js';

/** Root that may mount: containers often forbid it. */
export const mounting: Need = () => root() ?? (canMount() ? undefined : 'mounting is not allowed here');

/** A file system in memory, of a size that can be filled. */
export interface SmallDisk {
  readonly path: string;
  /** Lets it be written to or not, as a disk does that the kernel has found broken; false while a file is open for writing. */
  readonly remount: (how: 'ro' | 'rw') => boolean;
  readonly remove: () => Promise<void>;
}

export async function mountTmpfs(size: string): Promise<SmallDisk> {
  const path = await mkdtemp(join(tmpdir(), 'disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path]);
  await mkdir(join(path, 'data'));
  return {
    path: join(path, 'data'),
    remount: (how) => succeeds('mount', '-o', `remount,${how}`, path),
    remove: async () => {
      execFileSync('umount', ['--lazy', path]);
      await rmdir(path);
    },
  };
}

function canMount(): boolean {
  const path = mkdtempSync(join(tmpdir(), 'disk-'));
  try {
    return succeeds('mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path) && succeeds('umount', path);
  } finally {
    rmdirSync(path);
  }
}
