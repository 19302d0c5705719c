import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { isFileName } from '../package-name.js';
import { tagOfFolder } from '../release-tag.js';

/** The file in a folder that holds the record of its release. */
export const RECORD = '.release.json';

/**
 * The directory, on one file system:
 *
 *     <root>/<name>                        a package; its mtime is the publish time
 *     <root>/<folder>/<name>               a package in the folder of a release
 *     <root>/<folder>/.release.json        the record of that release
 *     <root>/.release-server/incoming/     staged bytes, one file an upload
 *     <root>/.release-server/trash/        packages on their way out, until the publish is durable
 *     <root>/.release-server/meta/         logs of digests, a cache
 */
export class Layout {
  /** What all of ours lies in. */
  readonly base: string;
  readonly incoming: string;
  readonly trash: string;
  readonly meta: string;
  /** Held by the one process that may write where the file system has no hard links. */
  readonly lock: string;
  /** Here as long as nobody has decided about the packages that were in the directory before it was served. */
  readonly unadopted: string;

  /** Prefix of the paths of packages: names are safe as they are, and `join` costs more than a stat of the file. */
  private readonly prefix: string;

  constructor(readonly root: string) {
    this.prefix = join(root, '/');
    this.base = join(root, '.release-server');
    this.incoming = join(this.base, 'incoming');
    this.trash = join(this.base, 'trash');
    this.meta = join(this.base, 'meta');
    this.lock = join(this.base, 'lock');
    this.unadopted = join(this.base, 'unadopted');
  }

  /** The directories that a start makes and in which the server removes files, the outer ones first. */
  get own(): readonly string[] {
    return [this.base, this.incoming, this.trash, this.meta];
  }

  /** Where the package of that name lies; the names of all that lie somewhere are {@link names}. */
  package(name: string): string {
    return this.prefix + name;
  }

  /** Where the folder of a release lies. */
  folder(folder: string): string {
    return this.prefix + folder;
  }

  /** Where the record of the release of a folder lies. */
  record(folder: string): string {
    return `${this.prefix}${folder}/${RECORD}`;
  }

  /** The names under which packages may lie now, or folders of releases; told from others as they are asked for. */
  async names(): Promise<Iterable<string>> {
    return namesAmong(await readdir(this.root));
  }

  /** The names of the packages that may lie in a folder now. */
  async namesIn(folder: string): Promise<string[]> {
    const files = await readdir(this.folder(folder));
    return files.filter(isFileName).map((file) => `${folder}/${file}`);
  }
}

function* namesAmong(found: readonly string[]): Iterable<string> {
  for (const name of found) if (isFileName(name) || tagOfFolder(name) !== undefined) yield name;
}

/**
 * The mode of our own directories: for the group what the directory of packages lets it do, so that a server may run as
 * another user of that group, and nothing for others.
 */
export async function ownMode({ root }: Layout): Promise<number> {
  return ((await stat(root)).mode & 0o2070) | 0o700;
}
