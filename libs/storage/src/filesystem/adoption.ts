import { lstat, mkdir, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Logger } from '@nestjs/common';

import { unless } from '../errno.js';
import { ownDirectory } from '../own-directory.js';
import { StorageError } from '../storage.errors.js';
import { ownMode, type Layout } from './layout.js';
import { isMetadataFile } from './metadata-cache.js';

/**
 * Whose the packages are that a start finds. A directory bears the mark of a server once there are directories of ours
 * in it and not `unadopted` beside them, which a first start writes before anything else of ours, so that one that is
 * cut off leaves no mark either.
 */
export class Adoption {
  private pending = false;
  private readonly logger = new Logger('storage');

  constructor(private readonly layout: Layout) {}

  /** Whether the directory holds packages that nobody has published to a server, and nothing of which may be evicted. */
  get isPending(): boolean {
    return this.pending;
  }

  /** Creates what is missing of the layout. */
  async prepare(): Promise<void> {
    const { layout } = this;
    await mkdir(layout.root, { recursive: true });
    const mode = await ownMode(layout);
    await ownDirectory(layout.base, mode);
    this.pending = !(await exists(layout.incoming)) || (await exists(layout.unadopted));
    if (this.pending) await unless(['EEXIST'], () => writeFile(layout.unadopted, '', { flag: 'wx' }));
    for (const directory of layout.own) await ownDirectory(directory, mode);
  }

  /** From now on the packages are the server's. */
  async complete(): Promise<void> {
    await rm(this.layout.unadopted, { force: true });
    this.pending = false;
  }

  /**
   * Makes packages of the files that were here before, if all of them may stay. Rejects with `foreign_packages` where
   * retention would remove some, and leaves the directory as it was; nothing may be at work in it then.
   */
  async decide(count: number, surplus: number): Promise<void> {
    const { root } = this.layout;
    if (surplus > 0) {
      await this.abandon().catch((error: unknown) => {
        this.logger.warn({ err: error }, `what the start made in ${root} could not be removed`);
      });
      throw new StorageError(
        'foreign_packages',
        `${root} has not been served before and holds ${count} files that would be packages, of which ` +
          `retention would remove ${surplus} now; nothing was removed.`,
      );
    }
    await this.complete();
    this.logger.warn(
      `${root} has not been served before: the files in it are packages now (${count}), which everybody may ` +
        'read and which retention removes like any other, by default the oldest first',
    );
  }

  /** Removes what {@link prepare} made, and nothing else; what cannot be removed is still no mark. */
  private async abandon(): Promise<void> {
    const { layout } = this;
    if (!(await exists(layout.unadopted))) return;
    const cached = (await readdir(layout.meta)).filter(isMetadataFile);
    for (const file of cached) await rm(join(layout.meta, file), { force: true });
    for (const directory of [layout.meta, layout.trash, layout.incoming]) await rmdir(directory);
    await rm(layout.unadopted, { force: true });
    await rmdir(layout.base);
  }
}

async function exists(path: string): Promise<boolean> {
  return unless(['ENOENT'], () => lstat(path));
}
