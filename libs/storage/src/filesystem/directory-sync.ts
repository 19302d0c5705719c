import { open, type FileHandle } from 'node:fs/promises';

import { errnoOf } from '../errno.js';
import { SharedRun } from '../shared-run.js';
import { NO_FSYNC, warnNoSync } from '../sync.js';

/** What opening a directory fails with where that cannot be done. */
const NO_OPEN = ['EISDIR', ...NO_FSYNC];

/**
 * Makes a directory's entries durable. Callers that arrive while an fsync is in flight share the next one. A
 * failed fsync is never repeated: what it left behind is unknown, and every later call fails too.
 */
export class DirectorySync {
  private readonly syncs = new SharedRun(() => this.syncOnce());
  private failure: unknown;

  private constructor(private readonly directory: FileHandle | undefined) {}

  static async open(path: string): Promise<DirectorySync> {
    try {
      return new DirectorySync(await open(path, 'r'));
    } catch (error) {
      if (!NO_OPEN.includes(errnoOf(error) ?? '')) throw error;
      warnNoSync('directories');
      return new DirectorySync(undefined);
    }
  }

  /** Throws the error of the first fsync that failed, if one did. */
  assertSound(): void {
    if (this.failure !== undefined) throw this.failure;
  }

  sync(): Promise<void> {
    return this.syncs.next();
  }

  async close(): Promise<void> {
    await this.directory?.close();
  }

  private async syncOnce(): Promise<void> {
    this.assertSound();
    if (this.directory === undefined) return;
    try {
      await this.directory.sync();
    } catch (error) {
      // It says that nothing can be known, and not that something was lost.
      if (NO_FSYNC.includes(errnoOf(error) ?? '')) {
        warnNoSync('directories');
        return;
      }
      this.failure = error;
      throw error;
    }
  }
}
