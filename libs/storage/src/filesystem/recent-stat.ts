import { lstatSync, type BigIntStats } from 'node:fs';
import { lstat } from 'node:fs/promises';

import { isOnLocalFilesystem } from './local-filesystem.js';

/**
 * Stats of files that were touched a moment ago. A local file system has their names and inodes in memory and answers in
 * two microseconds, where the thread pool takes fifty; a network file system may take any time, and is asked in the pool.
 */
export class RecentStat {
  private isLocal = false;

  /** @param root - Where all of these files lie. */
  constructor(private readonly root: string) {}

  async start(): Promise<void> {
    this.isLocal = await isOnLocalFilesystem(this.root);
  }

  async of(path: string): Promise<BigIntStats> {
    return this.isLocal ? lstatSync(path, { bigint: true }) : lstat(path, { bigint: true });
  }
}
