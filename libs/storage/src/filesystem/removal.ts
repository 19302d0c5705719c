import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { unless } from '../errno.js';
import { removeIfEmpty } from '../own-directory.js';
import { isFileName } from '../package-name.js';
import { folderIn } from './folders.js';
import { ownMode, RECORD, type Layout } from './layout.js';
import { putBack } from './withdrawal.js';

/** The name of a directory of the trash that holds what leaves together. */
const NAME = /^([0-9a-f]{12}\.[1-9][0-9]*\.[0-9a-f]{8})\.[0-9]+\.(undecided|decided)$/;

/** Whose removal has that name in the trash, and whether it was decided; undefined where it is none. */
export function removalIn(name: string): { tag: string; isDecided: boolean } | undefined {
  const [, tag, state] = NAME.exec(name) ?? [];
  return tag === undefined ? undefined : { tag, isDecided: state === 'decided' };
}

/**
 * What leaves together, such as a release: its folder and packages go into one directory of the trash, whose new name
 * decides that they are gone. Until then a start puts them back, and after it a start removes the rest.
 */
export class Removal {
  private readonly undecided: string;
  private readonly decided: string;
  /** Names that were moved, the folder among them. */
  private readonly moved: string[] = [];

  constructor(
    private readonly layout: Layout,
    ownerTag: string,
    sequence: number,
  ) {
    this.undecided = join(layout.trash, `${ownerTag}.${sequence}.undecided`);
    this.decided = join(layout.trash, `${ownerTag}.${sequence}.decided`);
  }

  /** Takes out a folder and flat packages, of which some may have gone. When it fails, all of them are where they were. */
  async take(folder: string | undefined, names: readonly string[]): Promise<void> {
    const { layout } = this;
    await this.begin();
    try {
      if (folder !== undefined) await this.moveFolder(folder);
      for (const name of names) await this.move(layout.package(name), name);
    } catch (error) {
      await this.undo(folder);
      throw error;
    }
  }

  async begin(): Promise<void> {
    await mkdir(this.undecided, { mode: await ownMode(this.layout) });
  }

  /** Takes out one package, or the record of a release. Where it lies then, or undefined when it has gone. */
  async add(name: string): Promise<string | undefined> {
    const folder = folderIn(name);
    if (folder !== undefined) await unless(['EEXIST'], () => mkdir(join(this.undecided, folder)));
    const path = join(this.undecided, name);
    return (await unless(['ENOENT', 'ENOTDIR'], () => rename(this.layout.package(name), path)))
      ? path
      : undefined;
  }

  /** Removes the directory, from which all is put back. What is still there a start puts back. */
  async end(): Promise<void> {
    const left = await readdir(this.undecided).catch(() => []);
    for (const name of left) await removeIfEmpty(join(this.undecided, name));
    await removeIfEmpty(this.undecided);
  }

  /** Puts everything back that {@link take} took. */
  async undo(folder: string | undefined): Promise<void> {
    for (const name of this.moved.toReversed()) {
      const path = join(this.undecided, name);
      if (name === folder) await rename(path, this.layout.folder(name));
      else await putBack(this.layout, path, name);
    }
    await this.end();
  }

  /** Decides that all of it is gone; durable once the trash is synced. */
  async decide(): Promise<void> {
    await rename(this.undecided, this.decided);
  }

  async empty(): Promise<void> {
    await rm(this.decided, { recursive: true, force: true });
  }

  /** At once, unless somebody keeps other things in it, which stay. */
  private async moveFolder(folder: string): Promise<void> {
    const path = this.layout.folder(folder);
    const found = await readdir(path, { withFileTypes: true });
    const own = found.filter((one) => one.isFile() && (isFileName(one.name) || one.name === RECORD));
    if (own.length === found.length) {
      await this.move(path, folder);
      return;
    }
    await mkdir(join(this.undecided, folder));
    for (const { name } of own) await this.move(join(path, name), `${folder}/${name}`);
  }

  private async move(path: string, name: string): Promise<void> {
    if (await unless(['ENOENT'], () => rename(path, join(this.undecided, name)))) this.moved.push(name);
  }
}
