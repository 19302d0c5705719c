import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import {
  assertCondition,
  assertPackageName,
  assertReleaseTag,
  fileOf,
  folderTagOf,
  nameInRelease,
  newestFirst,
  notFound,
  PackageStore,
  StorageError,
  type Committed,
  type Eviction,
  type OpenPackage,
  type Package,
  type PublishCondition,
  type PublishOptions,
  type PublishResult,
  type ReadOptions,
  type ReleaseChange,
  type ReleaseRecord,
  type ReleaseRemoval,
  type ReleaseState,
  type RemovedRelease,
  type RemoveCondition,
  type SavedRelease,
  type SaveReleaseOptions,
  type StagedPackage,
  type StoreSnapshot,
} from '#storage';

/** Packages and releases in memory, as much of a store as the rules for releases ask for. Nothing is durable or bounded. */
export class StoredReleases extends PackageStore {
  readonly location = 'memory';
  private readonly staged = new Map<string, Buffer>();
  private readonly bytes = new Map<string, Buffer>();
  private readonly packages = new Map<string, Package>();
  private readonly records = new Map<string, ReleaseRecord>();
  private made: StoreSnapshot | undefined;
  private clock = Date.now();

  /** Lays a package there. */
  add(name: string, content = name): Package {
    const bytes = Buffer.from(content);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const stored = { name, size: bytes.length, createdAt: this.now(), sha256, revision: `sha256:${sha256}` };
    this.packages.set(name, stored);
    this.bytes.set(name, bytes);
    this.made = undefined;
    return stored;
  }

  override async snapshot(): Promise<StoreSnapshot> {
    if (this.made !== undefined) return this.made;
    const all = [...this.packages.values()].toSorted(newestFirst);
    return (this.made = {
      packages: all.filter((stored) => !this.isHidden(stored)),
      drafts: all.filter((stored) => this.isHidden(stored)),
      releases: new Map(this.records),
    });
  }

  async list(): Promise<readonly Package[]> {
    return (await this.snapshot()).packages;
  }

  async find(name: string, { drafts = false }: ReadOptions = {}): Promise<Package | undefined> {
    const stored = this.packages.get(name);
    return stored !== undefined && (drafts || !this.isHidden(stored)) ? stored : undefined;
  }

  async open(name: string, options?: ReadOptions): Promise<OpenPackage> {
    const stored = await this.find(name, options);
    const bytes = this.bytes.get(name);
    if (stored === undefined || bytes === undefined) throw notFound(name);
    return {
      package: stored,
      read: async function* (start = 0, end = bytes.length - 1) {
        yield bytes.subarray(start, end + 1);
      },
      close: async () => undefined,
    };
  }

  async requireSpace(): Promise<void> {}

  async requireCondition(name: string, condition: PublishCondition): Promise<void> {
    assertPackageName(name);
    assertCondition(name, condition, this.packages.get(name));
  }

  async stage(body: Readable): Promise<StagedPackage> {
    const bytes = await buffer(body);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const id = String(this.now());
    this.staged.set(id, bytes);
    return { id, size: bytes.length, sha256 };
  }

  async discard({ id }: StagedPackage): Promise<void> {
    this.staged.delete(id);
  }

  async publish(
    { id }: StagedPackage,
    name: string,
    { condition, committed }: PublishOptions,
  ): Promise<PublishResult> {
    const replaced = this.packages.get(name);
    assertCondition(name, condition, replaced);
    const stored = this.add(name, String(this.staged.get(id)));
    const isDraft = this.isHidden(stored);
    const result = { package: stored, replaced, evicted: [], isDraft };
    committed?.(result);
    return result;
  }

  async remove(name: string, _condition?: RemoveCondition, committed?: Committed<Package>): Promise<Package> {
    const stored = this.packages.get(name);
    if (stored === undefined) throw notFound(name);
    this.drop(stored);
    committed?.(stored);
    return stored;
  }

  override async rename(name: string, file: string, committed?: Committed<Package>): Promise<Package> {
    const stored = this.packages.get(name);
    if (stored === undefined) throw notFound(name);
    const renamed = this.move(stored, folderTagOf(stored) ?? '', file);
    committed?.(renamed);
    return renamed;
  }

  override async saveRelease(
    tag: string,
    change: ReleaseChange,
    { evict, committed }: SaveReleaseOptions,
  ): Promise<SavedRelease> {
    const state = await this.stateOf(tag);
    const record = change(state);
    assertReleaseTag(record.tag);
    const evicted: Eviction[] = [];
    const published = state.record?.isDraft === true && !record.isDraft ? [...state.packages] : [];
    if (published.length > 0) {
      const releases = new Map(this.records).set(tag, record);
      evicted.push(...evict(state.snapshot.packages, { incoming: published, releases, now: state.now }));
      for (const { package: leaving } of evicted) this.drop(leaving);
    }
    this.records.delete(tag);
    this.records.set(record.tag, record);
    if (record.tag !== tag)
      for (const stored of state.packages) this.move(stored, record.tag, fileOf(stored));
    this.made = undefined;
    const saved = { record, before: state.record, published, evicted };
    committed?.(saved);
    return saved;
  }

  override async removeRelease(
    tag: string,
    also: ReleaseRemoval,
    committed?: Committed<RemovedRelease>,
  ): Promise<RemovedRelease> {
    const state = await this.stateOf(tag);
    const packages = [...state.packages, ...also(state)];
    for (const stored of packages) this.drop(stored);
    this.records.delete(tag);
    this.made = undefined;
    const removed = { record: state.record, packages };
    committed?.(removed);
    return removed;
  }

  async prune(): Promise<readonly Eviction[]> {
    return [];
  }

  async probe(): Promise<void> {}

  async close(): Promise<void> {}

  private async stateOf(tag: string): Promise<ReleaseState> {
    const packages = [...this.packages.values()].filter((stored) => folderTagOf(stored) === tag);
    return { record: this.records.get(tag), packages, snapshot: await this.snapshot(), now: this.now() };
  }

  private isHidden(stored: Package): boolean {
    return this.records.get(folderTagOf(stored) ?? '')?.isDraft === true;
  }

  private move(stored: Package, tag: string, file: string): Package {
    const name = nameInRelease(tag, file);
    if (name !== stored.name && this.packages.has(name)) throw new StorageError('package_exists', 'taken');
    const bytes = this.bytes.get(stored.name) ?? Buffer.alloc(0);
    this.drop(stored);
    const moved = { ...stored, name };
    this.packages.set(name, moved);
    this.bytes.set(name, bytes);
    return moved;
  }

  private drop({ name }: Package): void {
    this.packages.delete(name);
    this.bytes.delete(name);
    this.made = undefined;
  }

  /** Later than every time before. */
  private now(): number {
    return (this.clock += 1);
  }
}
