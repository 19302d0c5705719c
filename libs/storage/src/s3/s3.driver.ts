import type { Readable } from 'node:stream';

import {
  alreadyExists,
  assertCondition,
  assertFileName,
  assertPackageName,
  notFound,
} from '../conditions.js';
import { assertRealDirectory } from '../own-directory.js';
import { BufferPool } from '../staging/buffer-pool.js';
import { coded, toStorageError } from '../errno.js';
import { QuickCalls } from '../quick-calls.js';
import { FreeSpace } from '../staging/free-space.js';
import { Owner } from '../staging/owner.js';
import { Staging } from '../staging/staging.js';
import type { Evict, Eviction } from '../eviction.js';
import { folderTagOf, nameInRelease } from '../package-name.js';
import type { OpenPackage, Package, ReadOptions, SnapshotOptions, StoreSnapshot } from '../package-reader.js';
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
import { flawOfRecord } from '../record-validation.js';
import { assertReleaseTag } from '../release-tag.js';
import { StorageError } from '../storage.errors.js';
import { InFlight } from '../in-flight.js';
import { assertArbitration } from './arbitration.js';
import { BlobReader } from './blob-reader.js';
import { Bucket } from './bucket.js';
import { Collector } from './collector.js';
import { Committer } from './committer.js';
import { isRefusal } from './failure.js';
import { publishing, pruning, removal, type Change } from './index-changes.js';
import type { Entry, IndexDocument } from './index-document.js';
import { IndexObject } from './index-object.js';
import { ObjectKeys } from './object-keys.js';
import {
  OutOfDate,
  removingRelease,
  renaming,
  saving,
  stateOf,
  type PreparedRecord,
} from './release-changes.js';
import type { S3Options } from './s3.options.js';
import { prepareSpool, spoolIn } from './spool.js';

/** Times that a change of a release is prepared that others overtake. */
const MOST_PREPARATIONS = 20;

/**
 * Packages as objects of a bucket, for any number of replicas: immutable blobs, and one index of them that is replaced by
 * compare-and-swap. See docs/architecture.md for the whole way.
 */
export class S3PackageStore extends PackageStore {
  readonly location: string;
  private readonly owner = new Owner();
  private readonly keys: ObjectKeys;
  private readonly spool: string;
  private readonly freeSpace: FreeSpace;
  private readonly calls = new QuickCalls();
  private readonly buffers = new BufferPool();
  private readonly staging: Staging;
  private readonly index: IndexObject;
  private readonly committer: Committer;
  private readonly collector: Collector;
  private readonly reader: BlobReader;
  private readonly writes = new InFlight();

  private constructor(
    private readonly options: S3Options,
    private readonly bucket: Bucket,
  ) {
    super();
    this.location = `the bucket ${options.bucket}, below ${options.prefix || '/'}`;
    this.keys = new ObjectKeys(options.prefix);
    this.spool = spoolIn(options.spoolPath);
    this.freeSpace = new FreeSpace(this.spool, options.minFreeSpace);
    this.staging = new Staging(
      this.spool,
      this.owner.tag,
      this.freeSpace,
      this.buffers,
      this.calls,
      // What is received is a copy to be sent on: after a power cut there is nobody left to send it.
      false,
    );
    this.index = new IndexObject(bucket, this.keys);
    this.committer = new Committer(this.index);
    this.collector = new Collector(bucket, this.index, this.committer, this.keys, options.grace);
    this.reader = new BlobReader(bucket, options.presignExpires);
  }

  /** Opens the bucket: tries it out, and reads what it holds. */
  static async open(options: S3Options): Promise<S3PackageStore> {
    const store = new S3PackageStore(options, await Bucket.connect(options));
    try {
      await store.start();
      return store;
    } catch (error) {
      await store.close();
      throw toStorageError(error, `opening the bucket ${options.bucket}`);
    }
  }

  async list(): Promise<readonly Package[]> {
    return (await this.index.recent()).index.list();
  }

  override peekList(): readonly Package[] | undefined {
    return this.index.trusted?.index.list();
  }

  override async snapshot({ latest = false }: SnapshotOptions = {}): Promise<StoreSnapshot> {
    return (await (latest ? this.index.fresh() : this.index.recent())).index.snapshot();
  }

  override peekSnapshot(): StoreSnapshot | undefined {
    return this.index.trusted?.index.snapshot();
  }

  async find(name: string, options: ReadOptions = {}): Promise<Package | undefined> {
    return (await this.look(name, options))?.stored;
  }

  async open(name: string, options: ReadOptions = {}): Promise<OpenPackage> {
    const found = await this.look(name, options);
    if (found === undefined) throw notFound(name);
    return this.reader.open(found.stored, found.entry);
  }

  async requireSpace(size: number): Promise<void> {
    await coded('asking for free space', () => this.freeSpace.require(size));
  }

  async requireCondition(name: string, condition: PublishCondition): Promise<void> {
    assertPackageName(name);
    const known = (await this.index.recent()).index.get(name);
    try {
      assertCondition(name, condition, known);
    } catch {
      // A refusal has to be true now.
      assertCondition(name, condition, (await this.index.fresh()).index.get(name));
    }
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
    this.assertWritable();
    return this.writes.add(coded(`publishing ${name}`, () => this.publishBlob(staged, name, options)));
  }

  async remove(name: string, options: RemoveOptions = {}): Promise<Package> {
    return this.commit(removal(name, options), options.committed);
  }

  override async rename(name: string, file: string, options: ChangeOptions = {}): Promise<Package> {
    assertFileName(file);
    this.assertWritable();
    const tag = folderTagOf({ name });
    const to = tag === undefined ? file : nameInRelease(tag, file);
    return this.writes.add(this.prepared(() => this.renameBlob(name, to, options)));
  }

  override async saveRelease(
    tag: string,
    change: ReleaseChange,
    options: SaveReleaseOptions,
  ): Promise<SavedRelease> {
    assertReleaseTag(tag);
    this.assertWritable();
    return this.writes.add(this.prepared(() => this.saveRecord(tag, change, options)));
  }

  override async removeRelease(
    tag: string,
    also: ReleaseRemoval,
    committed?: Committed<RemovedRelease>,
  ): Promise<RemovedRelease> {
    assertReleaseTag(tag);
    return this.commit(removingRelease(tag, also), committed);
  }

  async prune(evict: Evict): Promise<readonly Eviction[]> {
    return this.commit(pruning(evict));
  }

  async probe(): Promise<void> {
    await this.index.fresh();
    if (this.options.readOnly) return;
    await coded('writing a probe to the spool', async () => {
      await assertRealDirectory(this.spool);
      await this.staging.probe();
      await this.freeSpace.require(0);
    });
  }

  override age(): number {
    return this.index.age;
  }

  async close(): Promise<void> {
    await this.writes.settled();
    await this.collector.stop();
    await this.committer.idle();
    this.bucket.close();
    this.owner.release();
  }

  private async start(): Promise<void> {
    if (!this.options.readOnly) {
      await prepareSpool(this.options.spoolPath);
      await this.calls.start(this.spool);
    }
    await this.bucket.check();
    if (this.options.readOnly) {
      await this.index.fresh();
      return;
    }
    await assertArbitration(this.bucket, this.keys.probes);
    await this.createIndex();
    await this.index.fresh();
    this.collector.start();
  }

  /** Of a new store; one with blobs and no index has lost it, and an empty index would lose the packages. */
  private async createIndex(): Promise<void> {
    if (await this.index.exists()) return;
    for (const prefix of [this.keys.blobs, this.keys.ofReleases]) {
      for await (const { key } of this.bucket.list(prefix)) {
        // Another replica may have begun meanwhile.
        if (await this.index.exists()) return;
        throw new StorageError(
          'storage_failed',
          `${this.keys.index} is missing while there are packages, such as ${key}: ` +
            'see "Repair the index" in docs/storage.md.',
        );
      }
    }
    await this.index.create();
  }

  /** A package by the version of the index that is taken for the latest; that there is none is looked up. */
  private async look(
    name: string,
    { drafts = false }: ReadOptions,
  ): Promise<{ readonly stored: Package; readonly entry: Entry } | undefined> {
    for (const look of [() => this.index.recent(), () => this.index.fresh()]) {
      const { index } = await look();
      const [stored, entry] = [index.get(name), index.entry(name)];
      if (stored === undefined || entry === undefined || (!drafts && index.isHidden(name))) continue;
      return { stored, entry };
    }
    return undefined;
  }

  private async publishBlob(
    staged: StagedPackage,
    name: string,
    options: PublishOptions,
  ): Promise<PublishResult> {
    await this.requireCondition(name, options.condition);
    const { size, sha256 } = staged;
    const key = this.keys.newBlob(name);
    const isDraft = (await this.index.recent()).index.isHidden(name);
    const { createdAt } = options;
    const path = this.staging.pathOf(staged);
    await this.bucket.upload(key, { path, size, sha256, name, createdAt, isDraft }, this.buffers);
    const result = await this.commitWith(
      key,
      publishing(name, { key, size, sha256 }, options),
      options.committed,
    );
    await this.staging.discard(staged).catch(() => undefined);
    return result;
  }

  private async renameBlob(name: string, to: string, { check, committed }: ChangeOptions): Promise<Package> {
    const { index } = await this.index.fresh();
    const [stored, entry] = [index.get(name), index.entry(name)];
    if (stored === undefined || entry === undefined) throw notFound(name);
    check?.(index.isHidden(name));
    const existing = index.get(to);
    if (existing !== undefined) throw alreadyExists(to, existing);
    const key = this.keys.newBlob(to);
    const { sha256, at: createdAt } = entry;
    await this.bucket.copy(entry.key, key, { sha256, name: to, createdAt, isDraft: index.isHidden(name) });
    return this.commitWith(key, renaming(name, to, { blob: entry.key, copy: key }, check), committed);
  }

  private async saveRecord(
    tag: string,
    change: ReleaseChange,
    { evict, committed }: SaveReleaseOptions,
  ): Promise<SavedRelease> {
    const prepared = await this.prepareRecord(tag, change);
    const { record, key } = prepared;
    await this.bucket.write(key, Buffer.from(JSON.stringify(record)));
    const saved = await this.commitWith(key, saving(tag, change, prepared, evict), committed);
    // Nothing had to be changed.
    if (saved.record === saved.before) await this.bucket.delete(key).catch(() => undefined);
    return saved;
  }

  private async prepareRecord(tag: string, change: ReleaseChange): Promise<PreparedRecord> {
    const now = Date.now();
    const make = (index: IndexDocument): PreparedRecord['record'] => change(stateOf(index, tag, now));
    const { index } = await this.index.recent();
    let record: PreparedRecord['record'];
    try {
      record = make(index);
    } catch {
      // A refusal has to be true now.
      record = make((await this.index.fresh()).index);
    }
    assertReleaseTag(record.tag);
    const flaw = flawOfRecord(record.tag, record);
    if (flaw !== undefined) {
      throw new StorageError('storage_failed', `This is not a record of a release: ${record.tag}${flaw}.`);
    }
    return { record, key: this.keys.newRecord(), now };
  }

  /** Does again what others overtook. */
  private async prepared<T>(step: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await step();
      } catch (error) {
        if (!(error instanceof OutOfDate)) throw error;
        if (attempt === MOST_PREPARATIONS) {
          throw new StorageError(
            'storage_unavailable',
            'Others change the same release again and again; try again.',
          );
        }
      }
    }
  }

  /** Commits a change that needs the blob of that key. */
  private async commitWith<T>(key: string, change: Change<T>, committed?: Committed<T>): Promise<T> {
    try {
      return await this.committer.commit(change, committed);
    } catch (error) {
      // Where the outcome is unknown the blob may be in use; the collector will know.
      if (isRefusal(error) || error instanceof OutOfDate)
        await this.bucket.delete(key).catch(() => undefined);
      throw error;
    }
  }

  private async commit<T>(change: Change<T>, committed?: Committed<T>): Promise<T> {
    this.assertWritable();
    return this.writes.add(this.committer.commit(change, committed));
  }

  private assertWritable(): void {
    if (this.options.readOnly) throw new StorageError('storage_failed', 'The storage is read-only.');
  }
}
