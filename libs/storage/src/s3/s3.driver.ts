import type { Readable } from 'node:stream';

import { assertCondition, assertFileName, notFound } from '../conditions.js';
import { assertRealDirectory } from '../own-directory.js';
import { BufferPool } from '../staging/buffer-pool.js';
import { coded, toStorageError } from '../errno.js';
import { QuickCalls } from '../quick-calls.js';
import { FreeSpace } from '../staging/free-space.js';
import { Owner } from '../staging/owner.js';
import { Staging } from '../staging/staging.js';
import type { Evict, Eviction } from '../eviction.js';
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
import { StorageError } from '../storage.errors.js';
import { InFlight } from '../in-flight.js';
import { assertArbitration } from './arbitration.js';
import { BlobReader } from './blob-reader.js';
import { Bucket } from './bucket.js';
import { Collector } from './collector.js';
import { Committer } from './committer.js';
import { isRefusal } from './failure.js';
import { publishing, pruning, removal, type Change } from './index-changes.js';
import { IndexObject } from './index-object.js';
import { ObjectKeys } from './object-keys.js';
import type { S3Options } from './s3.options.js';
import { prepareSpool, spoolIn } from './spool.js';

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
      new BufferPool(),
      new QuickCalls(),
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

  async find(name: string): Promise<Package | undefined> {
    const known = (await this.index.recent()).index.get(name);
    return known ?? (await this.index.fresh()).index.get(name);
  }

  async open(name: string): Promise<OpenPackage> {
    for (const look of [() => this.index.recent(), () => this.index.fresh()]) {
      const { index } = await look();
      const [stored, entry] = [index.get(name), index.entry(name)];
      if (stored !== undefined && entry !== undefined) return this.reader.open(stored, entry);
    }
    throw notFound(name);
  }

  async requireSpace(size: number): Promise<void> {
    await coded('asking for free space', () => this.freeSpace.require(size));
  }

  async requireCondition(name: string, condition: PublishCondition): Promise<void> {
    assertFileName(name);
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
    assertFileName(name);
    this.assertWritable();
    return this.writes.add(coded(`publishing ${name}`, () => this.publishBlob(staged, name, options)));
  }

  async remove(
    name: string,
    condition: RemoveCondition = 'present',
    committed?: Committed<Package>,
  ): Promise<Package> {
    return this.commit(removal(name, condition), committed);
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
    if (!this.options.readOnly) await prepareSpool(this.options.spoolPath);
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
    for await (const { key } of this.bucket.list(this.keys.blobs)) {
      // Another replica may have begun meanwhile.
      if (await this.index.exists()) return;
      throw new StorageError(
        'storage_failed',
        `${this.keys.index} is missing while there are packages, such as ${key}: ` +
          'see "Repair the index" in docs/storage.md.',
      );
    }
    await this.index.create();
  }

  private async publishBlob(
    staged: StagedPackage,
    name: string,
    options: PublishOptions,
  ): Promise<PublishResult> {
    await this.requireCondition(name, options.condition);
    const { size, sha256 } = staged;
    const key = this.keys.newBlob(name);
    await this.bucket.upload(key, {
      path: this.staging.pathOf(staged),
      size,
      sha256,
      name,
      createdAt: options.createdAt,
    });
    try {
      const change = publishing(name, { key, size, sha256 }, options);
      const result = await this.committer.commit(change, options.committed);
      await this.staging.discard(staged).catch(() => undefined);
      return result;
    } catch (error) {
      // Where the outcome is unknown the blob may be a package's; the collector will know.
      if (isRefusal(error)) await this.bucket.delete(key).catch(() => undefined);
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
