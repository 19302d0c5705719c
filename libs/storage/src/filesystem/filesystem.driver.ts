import { randomUUID } from 'node:crypto';
import { lstat, open, rm, unlink, utimes } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

import { Logger } from '@nestjs/common';
import { Mutex } from 'async-mutex';

import { alreadyExists, assertCondition, assertPackageName, nameOccupied, notFound } from '../conditions.js';
import type { Evict, Eviction, EvictionContext } from '../eviction.js';
import type { OpenPackage, Package } from '../package-reader.js';
import {
  PackageStore,
  type Committed,
  type PublishCondition,
  type PublishOptions,
  type PublishResult,
  type RemoveCondition,
  type StagedPackage,
  type StageOptions,
} from '../package-store.js';
import { coded, toStorageError, unless } from '../errno.js';
import { publishTime } from '../publish-time.js';
import { assertRealDirectory } from '../own-directory.js';
import { BufferPool } from '../staging/buffer-pool.js';
import { FreeSpace } from '../staging/free-space.js';
import { Owner } from '../staging/owner.js';
import { Staging } from '../staging/staging.js';
import { StorageError } from '../storage.errors.js';
import { syncOf } from '../sync.js';
import { InFlight } from '../in-flight.js';
import { Adoption } from './adoption.js';
import { DirectorySync } from './directory-sync.js';
import type { FilesystemOptions } from './filesystem.options.js';
import { fingerprintOf, isMoved, modifiedAt } from './fingerprint.js';
import { Layout } from './layout.js';
import { MetadataCache } from './metadata-cache.js';
import { NameLimit } from './name-limit.js';
import { describe, PackageIndex } from './package-index.js';
import { holderOf, Placement } from './placement.js';
import { Reader } from './reader.js';
import { recover } from './recovery.js';
import { Trash, type Withdrawn } from './trash.js';

/** What utimes fails with where times cannot be set. */
const NO_UTIMES = ['EPERM', 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];
/** Times that a name is tried again because what held it has gone. */
const ATTEMPTS = 5;
/** Milliseconds for which a file that others are replacing is waited for, and between two looks at it. */
const PATIENCE = 1000;
const PAUSE = 20;
/** Milliseconds between two looks for leftovers of other processes. */
const SWEEP = 60 * 60 * 1000;

/**
 * Packages as files of one directory, which is the only truth: what anybody else puts there is a package too.
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
  private readonly metadata: MetadataCache;
  private readonly index: PackageIndex;
  private readonly freeSpace: FreeSpace;
  private readonly staging: Staging;
  private readonly reader: Reader;
  private readonly placement: Placement;
  private readonly trash: Trash;
  private readonly adoption: Adoption;
  private directory: DirectorySync | undefined;
  private readonly writes = new InFlight();
  private names = NameLimit.NONE;
  private sweeper: NodeJS.Timeout | undefined;

  private constructor(private readonly options: FilesystemOptions) {
    super();
    this.location = resolve(options.path);
    const buffers = new BufferPool();
    this.layout = new Layout(options.path);
    this.metadata = new MetadataCache(this.layout, options.readOnly);
    this.index = new PackageIndex(this.layout, this.metadata);
    this.freeSpace = new FreeSpace(this.layout.root, options.minFreeSpace);
    this.staging = new Staging(this.layout.incoming, this.owner.tag, this.freeSpace, buffers);
    this.reader = new Reader(this.layout, buffers);
    this.placement = new Placement(this.layout, this.owner);
    this.trash = new Trash(this.layout, this.owner, this.index);
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

  async find(name: string): Promise<Package | undefined> {
    await coded(`reading ${this.layout.root}`, () => this.index.refresh());
    return this.index.get(name)?.package;
  }

  async open(name: string): Promise<OpenPackage> {
    return coded(`opening ${name}`, async () => {
      await this.index.refresh();
      const end = performance.now() + PATIENCE;
      while (performance.now() < end) {
        const entry = this.index.get(name);
        const opened = entry === undefined ? undefined : await this.reader.open(entry);
        if (opened !== undefined) return opened;
        if (entry === undefined && !this.index.isUnsettled(name)) throw notFound(name);
        if (entry === undefined) await delay(PAUSE);
        await this.index.recheck(name);
      }
      if (this.index.get(name) === undefined) throw notFound(name);
      throw new StorageError(
        'storage_unavailable',
        `${name} is being replaced all the time; try again in a moment.`,
      );
    });
  }

  async requireSpace(size: number): Promise<void> {
    await coded('asking for free space', () => this.freeSpace.require(size));
  }

  async requireCondition(name: string, condition: PublishCondition): Promise<void> {
    assertPackageName(name);
    this.names.assert(name);
    const existing = await this.find(name);
    assertCondition(name, condition, existing);
    if (existing === undefined) await coded(`looking at ${name}`, () => this.assertFree(name, condition));
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
      const { result, withdrawn } = await this.lock.runExclusive(() => this.place(staged, name, options));
      // Outside the lock: whoever publishes meanwhile shares this fsync or the next.
      await directory.sync();
      options.committed?.(result);
      await this.drop(withdrawn);
      return result;
    });
    return this.writes.add(publishing);
  }

  async remove(
    name: string,
    condition: RemoveCondition = 'present',
    committed?: Committed<Package>,
  ): Promise<Package> {
    const directory = this.assertWritable();
    const removing = coded(`deleting ${name}`, async () => {
      const removed = await this.lock.runExclusive(async () => {
        await this.index.refresh();
        if (typeof condition === 'object') await this.index.recheck(name);
        const existing = this.index.get(name)?.package;
        if (existing === undefined) throw notFound(name);
        assertCondition(name, condition, existing);
        const existed = await unless(['ENOENT'], () => unlink(this.layout.package(name)));
        this.index.delete(name);
        if (!existed) throw notFound(name);
        return existing;
      });
      await directory.sync();
      committed?.(removed);
      await this.metadata.forget(name);
      return removed;
    });
    return this.writes.add(removing);
  }

  async prune(evict: Evict): Promise<readonly Eviction[]> {
    const directory = this.assertWritable();
    const pruning = coded('applying retention', async () => {
      const withdrawn = await this.lock.runExclusive(async () => {
        await this.index.refresh();
        const context = { incoming: undefined, now: Date.now() };
        if (this.adoption.isPending) await this.adopt(evict, context);
        return this.trash.withdraw(evict, context);
      });
      if (withdrawn.length === 0) return [];
      await directory.sync();
      await this.drop(withdrawn);
      return withdrawn.map(({ eviction }) => eviction);
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
      await this.writeProbe();
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
      await this.placement.start();
      await this.writeProbe();
      this.sweeper = setInterval(() => void this.sweep(), SWEEP).unref();
    }
    this.directory = await DirectorySync.open(this.layout.root);
    if (!this.options.readOnly) await this.directory.sync();
    await this.index.start();
    if (this.adoption.isPending && this.index.packages().length === 0) await this.adoption.complete();
  }

  /** Makes packages of the files that were here before the directory was served, if all of them may stay. */
  private async adopt(evict: Evict, context: EvictionContext): Promise<void> {
    const { root } = this.layout;
    const packages = this.index.packages();
    const surplus = evict(packages, context).length;
    if (surplus > 0) {
      await this.index.close();
      await this.adoption.abandon().catch((error: unknown) => {
        this.logger.warn({ err: error }, `what the start made in ${root} could not be removed`);
      });
      throw new StorageError(
        'foreign_packages',
        `${root} has not been served before and holds ${packages.length} files that would be packages, of which ` +
          `retention would remove ${surplus} now; nothing was removed.`,
      );
    }
    await this.adoption.complete();
    this.logger.warn(
      `${root} has not been served before: the files in it are packages now (${packages.length}), which everybody may ` +
        'read and which retention removes like any other, by default the oldest first',
    );
  }

  private async sweep(): Promise<void> {
    await recover(this.layout, false).catch((error: unknown) => {
      this.logger.warn({ err: error }, 'sweeping the leftovers of other processes failed');
    });
  }

  private async writeProbe(): Promise<void> {
    const path = join(this.layout.incoming, `${this.owner.tag}~${randomUUID()}`);
    const file = await open(path, 'wx');
    try {
      await file.write('probe');
      await syncOf(file, 'files');
    } finally {
      await file.close();
      await rm(path, { force: true });
    }
  }

  private assertWritable(): DirectorySync {
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

  /** The step of {@link publish}: decide, withdraw, appear under the name; or put back what was withdrawn. */
  private async place(
    staged: StagedPackage,
    name: string,
    options: PublishOptions,
  ): Promise<{ result: PublishResult; withdrawn: readonly Withdrawn[] }> {
    const { condition, evict } = options;
    await this.index.refresh();
    if (typeof condition === 'object') await this.index.recheck(name);
    const existing = this.index.get(name)?.package;
    assertCondition(name, condition, existing);

    const source = this.staging.pathOf(staged);
    const target = this.layout.package(name);
    const now = Date.now();
    const createdAt = publishTime(options.createdAt, now, this.index.latestTime);
    // Half a millisecond more, for the way through floating-point seconds cuts off.
    const seconds = (createdAt + 0.5) / 1000;
    // Where the file system lets nobody set it, the time is that of the upload.
    await unless(NO_UTIMES, () => utimes(source, seconds, seconds));
    // Neither link nor rename changes size and mtime, while under the name may lie another's file a moment later.
    const stats = await lstat(source, { bigint: true });
    const before = fingerprintOf(stats);
    const published = describe(name, staged.size, modifiedAt(stats), staged.sha256, before);

    const incoming = { name, size: published.size, createdAt: published.createdAt };
    const withdrawn = await this.trash.withdraw(evict, { incoming, now });
    try {
      if (condition === 'absent') {
        await this.create(source, name);
      } else {
        // First, so that a reader who meets the new file before it is in the index knows it to be whole.
        await this.metadata.save(name, before, staged.sha256, true);
        if (!(await this.placement.replace(source, target))) throw nameOccupied(name, 'a directory');
      }
    } catch (error) {
      await this.trash.reinstate(withdrawn);
      throw error;
    }

    const after = await this.index.fingerprintAt(name).catch(() => undefined);
    // Another's file by now: who opens it finds out.
    const fingerprint = after !== undefined && isMoved(before, after) ? after : before;
    this.index.put({ package: published, fingerprint });
    await this.metadata.save(name, fingerprint, staged.sha256);
    const evicted = withdrawn.map(({ eviction }) => eviction);
    return { result: { package: published, replaced: existing, evicted }, withdrawn };
  }

  /** Makes withdrawals final, when what they made room for is durable. What fails, the next start mends. */
  private async drop(withdrawn: readonly Withdrawn[]): Promise<void> {
    await this.trash.empty(withdrawn).catch((error: unknown) => {
      this.logger.warn(
        { err: error },
        'an evicted package could not be removed and will be at the next start',
      );
    });
    const names = withdrawn.map(({ eviction }) => eviction.package.name);
    const gone = names.filter((name) => this.index.get(name) === undefined);
    await Promise.all(gone.map((name) => this.metadata.forget(name)));
  }

  /** Puts the file under a name that must be free, or tells who holds it. */
  private async create(source: string, name: string): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (await this.placement.create(source, this.layout.package(name))) return;
      await this.assertFree(name, 'absent');
    }
    throw alreadyExists(name, undefined);
  }

  /** What is not listed may have the name all the same: a file that came a moment ago, or something that is no file. */
  private async assertFree(name: string, condition: PublishCondition): Promise<void> {
    const what = await holderOf(this.layout.package(name));
    if (what === undefined || (condition !== 'absent' && what !== 'a directory')) return;
    if (what !== 'a file') throw nameOccupied(name, what);
    throw alreadyExists(name, await this.index.peek(name));
  }
}
