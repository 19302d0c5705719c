import { lstat, mkdir } from 'node:fs/promises';

import { nameOccupied } from '../conditions.js';
import { unless } from '../errno.js';
import { removeIfEmpty } from '../own-directory.js';
import { folderIn } from './folders.js';
import type { Layout } from './layout.js';
import type { PackageIndex } from './package-index.js';
import { holderOf } from './placement.js';

/** Makes and removes the folders of releases. */
export class ReleaseFolders {
  constructor(
    private readonly layout: Layout,
    private readonly index: PackageIndex,
  ) {}

  /** Has a folder there, and says whether it is a new one, which is durable once the root is synced. */
  async make(folder: string): Promise<boolean> {
    const path = this.layout.folder(folder);
    const isNew = await unless(['EEXIST'], () => mkdir(path));
    if (!isNew && !(await lstat(path)).isDirectory()) {
      throw nameOccupied(folder, (await holderOf(path)) ?? 'something else');
    }
    await this.index.enterFolder(folder);
    return isNew;
  }

  /** The same for the folder in the name of a package, if there is one. */
  async makeFor(name: string): Promise<boolean> {
    const folder = folderIn(name);
    return folder !== undefined && this.make(folder);
  }

  /** Removes the folder in the name of a package once it has neither packages nor a record. */
  async removeIfUnused(name: string): Promise<void> {
    const folder = folderIn(name);
    if (folder !== undefined) await removeIfEmpty(this.layout.folder(folder));
  }
}
