import { lstat, unlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';

import { Logger } from '@nestjs/common';
import { Mutex } from 'async-mutex';

import { assertCondition, assertPackageName, notFound } from '../conditions.js';
import type { Evict, Eviction, EvictionContext } from '../eviction.js';
import type { OpenPackage, Package, PackageContent, ReadOptions, StoreSnapshot } from '../package-reader.js';
import {
  PackageStore,
  type ChangeOptions,
  type Committed,
  type PublishCondition,
  type PublishOptions,
  type PublishResult,
  type ReleaseChange,
  type ReleaseRemoval,
  type RemoveOptions,
  type RemovedRelease,
  type SavedRelease,
  type SaveReleaseOptions,
  type StagedPackage,
  type StageOptions,
} from '../package-store.js';
import { coded, toStorageError, unless } from '../errno.js';
import { assertRealDirectory } from '../own-directory.js';
import { BufferPool } from '../staging/buffer-pool.js';
import { FreeSpace } from '../staging/free-space.js';
import { Owner } from '../staging/owner.js';
import { Staging } from '../staging/staging.js';
import { assertReleaseTag, folderOf } from '../release-tag.js';
import { StorageError } from '../storage.errors.js';
import { InFlight } from '../in-flight.js';
import { QuickCalls } from '../quick-calls.js';
import { Adoption } from './adoption.js';
import { DirectorySyncs } from './directory-syncs.js';
import type { FilesystemOptions } from './filesystem.options.js';
import { Layout } from './layout.js';
import { MetadataCache } from './metadata-cache.js';
import { NameLimit } from './name-limit.js';
import { PackageIndex } from './package-index.js';
import { Placement } from './placement.js';
import { PublishStep } from './publish-step.js';
import { Reader } from './reader.js';
import { recover } from './recovery.js';
import { ReleaseFolders } from './release-folders.js';
import { ReleaseStep } from './release-step.js';
import { Trash, type Withdrawal } from './trash.js';

/** Between two looks for leftovers of other processes. */
const SWEEP_INTERVAL_MS = 60 * 60 * 1000;

/**
 * Packages as files of one directory and of the folders of releases in it, which is the only truth: what anybody else puts
 * there is a package too.
 *
 * New names appear by `link` and replaced ones by `rename`, both of a file that is complete and synced, and
 * an answer is given when the directory is synced as well. See docs/architecture.md for the whole way.
 */
export class FilesystemPackageStore extends PackageStore {
  readonly location: string;
  private readonly logger = new Logger('storage');
  private readonly owner = new Owner();
  private readonly lock = new Mutex();
  private readonly layout: Layout;
  private readonly calls = new QuickCalls();
  private readonly metadata: MetadataCache;
  private readonly index: PackageIndex;
  private readonly freeSpace: FreeSpace;
  private readonly staging: Staging;
  private readonly reader: Reader;
  private readonly placement: Placement;
  private readonly trash: Trash;
  private readonly step: PublishStep;
  private readonly adoption: Adoption;
  private readonly releases: ReleaseStep;
  private readonly folders: ReleaseFolders;
  private directory: DirectorySyncs | undefined;
  private readonly writes = new InFlight();
  private names = NameLimit.NONE;
  private sweeper: NodeJS.Timeout | undefined;

  private constructor(private readonly options: FilesystemOptions) {
    super();
    this.location = resolve(options.path);
    const buffers = new BufferPool();
    this.layout = new Layout(options.path);
    this.metadata = new MetadataCache(this.layout, this.owner.tag, options.readOnly, this.calls);
    this.index = new PackageIndex(this.layout, this.metadata);
    this.freeSpace = new FreeSpace(this.layout.root, options.minFreeSpace);
    this.staging = new Staging(
      this.layout.incoming,
      this.owner.tag,
      this.freeSpace,
      buffers,
      this.calls,
      true,
    );
    this.reader = new Reader(this.layout, this.index, buffers);
    this.placement = new Placement(this.layout, this.owner, this.calls);
    this.folders = new ReleaseFolders(this.layout, this.index);
    this.trash = new Trash(this.layout, this.owner, this.index, this.folders);
    this.step = new PublishStep(
      this.layout,
      this.calls,
      this.metadata,
      this.index,
      this.staging,
      this.placement,
      this.trash,
      this.folders,
    );
    this.releases = new ReleaseStep(
      this.layout,
      this.owner,
      this.metadata,
      this.index,
      this.placement,
      this.trash,
      this.folders,
    );
    this.adoption = new Adoption(this.layout);
  }

  /** Opens the directory: creates it, tries it out, cleans up after a crash and reads what it holds. */
  static async open(options: FilesystemOptions): Promise<FilesystemPackageStore> {
    const store = new FilesystemPackageStore(options);
    try {
      await store.start();
      return store;
    } catch (error) {
      await store.close();
      throw toStorageError(error, `opening ${options.path}`);
    }
  }

  async list(): Promise<readonly Package[]> {
    await coded(`reading ${this.layout.root}`, () => this.index.refresh());
    return this.index.list();
  }

  override async snapshot(): Promise<StoreSnapshot> {
    await coded(`reading ${this.layout.root}`, () => this.index.refresh());
    return this.index.snapshot();
  }

  async find(name: string, { drafts }: ReadOptions = {}): Promise<Package | undefined> {
    await coded(`reading ${this.layout.root}`, () => this.index.refresh());
    return this.index.visible(name, drafts)?.package;
  }

  async open(name: string, { drafts }: ReadOptions = {}): Promise<OpenPackage> {
    return coded(`opening ${name}`, () => this.reader.open(name, drafts));
  }

  override peekSnapshot(): StoreSnapshot | undefined {
    return this.index.isCurrent ? this.index.snapshot() : undefined;
  }

  override peekList(): readonly Package[] | undefined {
    return this.index.isCurrent ? this.index.list() : undefined;
  }

  override peekContent(name: string): PackageContent | undefined {
    return this.reader.peek(name);
  }

  async requireSpace(size: number): Promise<void> {
    await coded('asking for free space', () => this.freeSpace.require(size));
  }

  async requireCondition(
    name: string,
    condition: PublishCondition,
    check: 'full' | 'cached' = 'full',
  ): Promise<void> {
    assertPackageName(name);
    this.names.assert(name);
    await coded(`reading ${this.layout.root}`, () => this.index.refresh());
    const existing = await coded(`looking at ${name}`, () => this.index.decidingOn(name, condition));
    assertCondition(name, condition, existing);
    if (existing === undefined && check === 'full')
      await coded(`looking at ${name}`, () => this.step.assertFree(name, condition));
  }

  async stage(body: Readable, options: StageOptions): Promise<StagedPackage> {
    this.assertWritable();
    return this.writes.add(this.staging.receive(body, options));
  }

  async discard(staged: StagedPackage): Promise<void> {
    await this.staging.discard(staged);
  }

  async publish(staged: StagedPackage, name: string, options: PublishOptions): Promise<PublishResult> {
    assertPackageName(name);
    this.names.assert(name);
    const directory = this.assertWritable();
    const publishing = coded(`publishing ${name}`, async () => {
      const { result, withdrawal, isNewFolder, saved } = await this.lock.runExclusive(() =>
        this.step.take(staged, name, options),
      );
      // Outside the lock: other publishes share this fsync or the next.
      await directory.syncFor(name);
      if (isNewFolder) await directory.sync();
      options.committed?.(result);
      await saved;
      await this.drop(withdrawal);
      return result;
    });
    return this.writes.add(publishing);
  }

  async remove(
    name: string,
    { condition = 'present', check, committed }: RemoveOptions = {},
  ): Promise<Package> {
    const directory = this.assertWritable();
    const removing = coded(`deleting ${name}`, async () => {
      const removed = await this.lock.runExclusive(async () => {
        await this.index.refresh();
        const existing = await this.index.decidingOn(name, condition);
        if (existing === undefined) throw notFound(name);
        assertCondition(name, condition, existing);
        check?.(this.index.hides(name));
        const existed = await unless(['ENOENT'], () => unlink(this.layout.package(name)));
        this.index.delete(name);
        if (!existed) throw notFound(name);
        return existing;
      });
      await directory.syncFor(name);
      committed?.(removed);
      await this.folders.removeIfUnused(name);
      this.metadata.forget(name);
      return removed;
    });
    return this.writes.add(removing);
  }

  override async rename(
    name: string,
    file: string,
    { check, committed }: ChangeOptions = {},
  ): Promise<Package> {
    const directory = this.assertWritable();
    const renaming = coded(`renaming ${name}`, async () => {
      this.names.assert(file);
      const renamed = await this.lock.runExclusive(() => this.releases.rename(name, file, check));
      await directory.syncFor(name);
      committed?.(renamed);
      return renamed;
    });
    return this.writes.add(renaming);
  }

  override async saveRelease(
    tag: string,
    change: ReleaseChange,
    options: SaveReleaseOptions,
  ): Promise<SavedRelease> {
    assertReleaseTag(tag);
    const directory = this.assertWritable();
    const saving = coded(`saving the release ${tag}`, async () => {
      const taken = await this.lock.runExclusive(() => this.releases.save(tag, change, options));
      if (!('result' in taken)) return taken;
      const { result, withdrawal, folder, isRootChanged } = taken;
      await directory.syncFolder(folder);
      if (isRootChanged) await directory.sync();
      options.committed?.(result);
      await this.drop(withdrawal);
      return result;
    });
    return this.writes.add(saving);
  }

  override async removeRelease(
    tag: string,
    also: ReleaseRemoval,
    committed?: Committed<RemovedRelease>,
  ): Promise<RemovedRelease> {
    assertReleaseTag(tag);
    const directory = this.assertWritable();
    const removing = coded(`removing the release ${tag}`, async () => {
      const { result, removal } = await this.lock.runExclusive(async () => {
        const taken = await this.releases.remove(tag, also);
        try {
          await directory.sync();
          await taken.removal.decide();
        } catch (error) {
          await taken.undo();
          throw error;
        }
        directory.forget(folderOf(tag));
        taken.release();
        return taken;
      });
      await directory.syncTrash();
      committed?.(result);
      for (const { name } of result.packages) this.metadata.forget(name);
      await removal.empty().catch((error: unknown) => {
        this.logger.warn(
          { err: error },
          'a removed release could not be emptied and will be at the next start',
        );
      });
      return result;
    });
    return this.writes.add(removing);
  }

  async prune(evict: Evict): Promise<readonly Eviction[]> {
    const directory = this.assertWritable();
    const pruning = coded('applying retention', async () => {
      const withdrawal = await this.lock.runExclusive(async () => {
        await this.index.refresh();
        const context = {
          incoming: [],
          releases: this.index.snapshot().releases,
          now: Date.now(),
        };
        if (this.adoption.isPending) await this.adopt(evict, context);
        return this.trash.withdraw(evict, context);
      });
      if (withdrawal.evictions.length === 0) return [];
      await directory.sync();
      await this.drop(withdrawal);
      return withdrawal.evictions;
    });
    return this.writes.add(pruning);
  }

  async probe(): Promise<void> {
    await coded(`writing a probe to ${this.layout.root}`, async () => {
      if (this.options.readOnly) {
        await lstat(this.layout.root);
        return;
      }
      for (const directory of this.layout.own) await assertRealDirectory(directory);
      this.assertWritable();
      await this.staging.probe();
      await this.freeSpace.require(0);
    });
  }

  async close(): Promise<void> {
    clearInterval(this.sweeper);
    await this.writes.settled();
    await this.index.close();
    await this.placement.close();
    await this.directory?.close();
    this.owner.release();
  }

  private async start(): Promise<void> {
    if (!this.options.readOnly) {
      await this.adoption.prepare();
      await recover(this.layout, true);
      this.names = await NameLimit.of(this.layout.incoming, this.owner.tag);
      await this.calls.start(this.layout.root);
      await this.placement.start();
      await this.staging.probe();
      this.sweeper = setInterval(() => void this.sweep(), SWEEP_INTERVAL_MS).unref();
    }
    this.directory = await DirectorySyncs.open(this.layout);
    if (!this.options.readOnly) await this.directory.sync();
    await this.index.start();
    if (this.adoption.isPending && this.index.list().length === 0) await this.adoption.complete();
  }

  /** Makes packages of the files that were here before the directory was served, if all of them may stay. */
  private async adopt(evict: Evict, context: EvictionContext): Promise<void> {
    const packages = this.index.list();
    const surplus = evict(packages, context).length;
    if (surplus > 0) await this.index.close();
    await this.adoption.decide(packages.length, surplus);
  }

  private async sweep(): Promise<void> {
    await recover(this.layout, false).catch((error: unknown) => {
      this.logger.warn({ err: error }, 'sweeping the leftovers of other processes failed');
    });
  }

  private assertWritable(): DirectorySyncs {
    if (this.options.readOnly || this.directory === undefined) {
      throw new StorageError('storage_failed', 'The storage is read-only.');
    }
    try {
      this.directory.assertSound();
      return this.directory;
    } catch (error) {
      throw new StorageError(
        'storage_failed',
        'An earlier write could not be made durable; fix the disk and restart the server.',
        { cause: error },
      );
    }
  }

  /** Makes withdrawals final, when what they made room for is durable. What fails, the next start mends. */
  private async drop(withdrawal: Withdrawal): Promise<void> {
    const syncTrash = async (): Promise<void> => this.directory?.syncTrash();
    await this.trash.empty(withdrawal, syncTrash).catch((error: unknown) => {
      this.logger.warn(
        { err: error },
        'an evicted package could not be removed and will be at the next start',
      );
    });
    for (const {
      package: { name },
    } of withdrawal.evictions) {
      if (this.index.get(name) === undefined) this.metadata.forget(name);
    }
  }
}
