import { unless } from '../errno.js';
import { DirectorySync } from './directory-sync.js';
import { folderIn } from './folders.js';
import type { Layout } from './layout.js';

/** The folder that is being synced, and how many wait for that. */
interface OpenFolder {
  readonly sync: Promise<DirectorySync>;
  users: number;
}

/** Makes entries durable, in the root and in the folders of releases. After one failure everything fails. */
export class DirectorySyncs {
  private readonly folders = new Map<string, OpenFolder>();
  private failure: unknown;

  private constructor(
    private readonly layout: Layout,
    private readonly root: DirectorySync,
  ) {}

  static async open(layout: Layout): Promise<DirectorySyncs> {
    return new DirectorySyncs(layout, await DirectorySync.open(layout.root));
  }

  /** Throws the error of the first fsync that failed, if one did. */
  assertSound(): void {
    this.root.assertSound();
    if (this.failure !== undefined) throw this.failure;
  }

  sync(): Promise<void> {
    return this.root.sync();
  }

  /** Makes it durable that there is a package of that name, or no more. */
  async syncFor(name: string): Promise<void> {
    const folder = folderIn(name);
    await (folder === undefined ? this.sync() : this.syncFolder(folder));
  }

  /** Syncs a folder. One that has gone has nothing to be synced: whoever took it away syncs the root. */
  async syncFolder(folder: string): Promise<void> {
    this.assertSound();
    const open = this.folders.get(folder) ?? this.openFolder(folder);
    open.users += 1;
    try {
      await unless(['ENOENT', 'ENOTDIR'], async () => (await open.sync).sync());
    } catch (error) {
      this.failure ??= error;
      throw error;
    } finally {
      open.users -= 1;
      if (open.users === 0) await this.closeFolder(folder, open);
    }
  }

  /** Makes it durable that a removal is decided. */
  async syncTrash(): Promise<void> {
    this.assertSound();
    const trash = await DirectorySync.open(this.layout.trash);
    try {
      await trash.sync();
    } catch (error) {
      this.failure ??= error;
      throw error;
    } finally {
      await trash.close();
    }
  }

  /** The folder is another from now on, or none: who syncs it opens it anew. */
  forget(folder: string): void {
    this.folders.delete(folder);
  }

  async close(): Promise<void> {
    await this.root.close();
  }

  private openFolder(folder: string): OpenFolder {
    const open = { sync: DirectorySync.open(this.layout.folder(folder)), users: 0 };
    this.folders.set(folder, open);
    return open;
  }

  private async closeFolder(folder: string, open: OpenFolder): Promise<void> {
    if (this.folders.get(folder) === open) this.folders.delete(folder);
    await open.sync.then(
      (sync) => sync.close(),
      () => undefined,
    );
  }
}
