import { watch, type BigIntStats, type FSWatcher } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';

import { isFileName } from '../package-name.js';
import { isOnLocalFilesystem } from '../local-filesystem.js';
import { tagOfFolder } from '../release-tag.js';

/** How many changes the kernel keeps for a process that is busy. Further ones it drops, and Node does not say so. */
const QUEUE = '/proc/sys/fs/inotify/max_queued_events';
const USUAL_QUEUE_LENGTH = 16_384;

/** What changes in a directory, by name, as far as the operating system tells. */
export class DirectoryWatcher {
  private watcher: FSWatcher | undefined;
  /** The directory that is watched, which need not be the one that has its path now. */
  private watched = '';
  /** Names of packages, and of folders of releases. */
  private readonly names = new Set<string>();
  private readonly folders = new Map<string, FSWatcher>();
  /** Events that came without a pause. */
  private burst = 0;
  private lost = false;
  private moveCount = 0;

  private constructor(
    private readonly root: string,
    /** Whether everybody who can write to the directory does it through this kernel. */
    readonly isLocal: boolean,
    private readonly queueLength: number,
  ) {}

  static async of(root: string): Promise<DirectoryWatcher> {
    const queue = Number(await readFile(QUEUE, 'utf8').catch(() => USUAL_QUEUE_LENGTH));
    return new DirectoryWatcher(root, await isOnLocalFilesystem(root), queue);
  }

  /** Whether every change to this directory since {@link watch} is among those that are told. */
  tellsAllOf(directory: BigIntStats): boolean {
    return this.isLocal && this.watcher !== undefined && !this.lost && this.watched === idOf(directory);
  }

  /** Whether changes since {@link watch} are not among those that are told, be they to files that stay where they are. */
  get hasLost(): boolean {
    return this.lost;
  }

  /** Entries that have come and gone so far. */
  get moves(): number {
    return this.moveCount;
  }

  /** Watches from now on, whatever was before; where that cannot be done, {@link tellsAllOf} says no. */
  watch(directory: BigIntStats): void {
    this.lost = false;
    if (this.watcher !== undefined && this.watched === idOf(directory)) return;
    this.close();
    const own = basename(resolve(this.root));
    try {
      this.watcher = watch(this.root, { persistent: false }, (event, name) => {
        this.onEvent(event, name, own);
      });
      // Out of watches, or the like.
      this.watcher.on('error', () => this.close());
      this.watched = idOf(directory);
    } catch {
      this.watcher = undefined;
    }
  }

  /** Whether the file of that name may be another since {@link take} or {@link drop}. */
  has(name: string): boolean {
    return this.names.has(name);
  }

  drop(name: string): void {
    this.names.delete(name);
  }

  /** The names that may be of other files, or of none, since they were taken last. */
  take(): string[] {
    const names = [...this.names];
    this.names.clear();
    return names;
  }

  /** Watches the folder of a release as well, and says whether every change to it will be told: by the names in it, or its own. */
  watchFolder(folder: string, path: string): boolean {
    this.unwatchFolder(folder);
    if (this.watcher === undefined) return false;
    try {
      const watcher = watch(path, { persistent: false }, (event, name) => {
        this.countEvent(name);
        if (name !== null && isFileName(name)) this.names.add(`${folder}/${name}`);
        // The folder itself, or what is no package: its record, for one.
        if (name === null || !isFileName(name) || (event === 'rename' && name === basename(path))) {
          this.names.add(folder);
        }
      });
      watcher.on('error', () => this.unwatchFolder(folder));
      this.folders.set(folder, watcher);
    } catch {
      // Out of watches, or gone.
    }
    return this.watchesFolder(folder);
  }

  /** Whether all changes to a folder are told. */
  watchesFolder(folder: string): boolean {
    return this.isLocal && this.folders.has(folder);
  }

  unwatchFolder(folder: string): void {
    this.folders.get(folder)?.close();
    this.folders.delete(folder);
  }

  close(): void {
    this.watcher?.close();
    this.watcher = undefined;
    for (const folder of this.folders.keys()) this.unwatchFolder(folder);
  }

  private onEvent(event: string, name: string | null, own: string): void {
    this.countEvent(name);
    if (event === 'rename' && name !== own) this.moveCount += 1;
    // The directory itself comes under its own name: it may be gone, and another get its path and even its inode.
    if (event === 'rename' && name === own) [this.lost, this.watched] = [true, ''];
    if (name !== null && (isFileName(name) || tagOfFolder(name) !== undefined)) this.names.add(name);
  }

  private countEvent(name: string | null): void {
    if (this.burst++ === 0) setImmediate(() => (this.burst = 0)).unref();
    // The others in this process share the queue with this one.
    if (name === null || this.burst >= this.queueLength / 2) this.lost = true;
  }
}

/** Tells a directory from another that takes its path. */
export function idOf({ dev, ino }: BigIntStats): string {
  return `${dev}-${ino}`;
}
