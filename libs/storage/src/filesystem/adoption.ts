import { lstat, mkdir, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { unless } from '../errno.js';
import { ownDirectory } from '../own-directory.js';
import { ownMode, type Layout } from './layout.js';
import { isMetadataFile } from './metadata-cache.js';

/**
 * Whose the packages are that a start finds. A directory bears the mark of a server once there are directories of ours
 * in it and not `unadopted` beside them, which a first start writes before anything else of ours, so that one that is
 * cut off leaves no mark either.
 */
export class Adoption {
  private pending = false;

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

  /** Takes away what {@link prepare} made, and nothing else; what cannot be is still no mark. */
  async abandon(): Promise<void> {
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
