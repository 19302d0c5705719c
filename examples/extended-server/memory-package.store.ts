import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';

import {
  alreadyExists,
  assertCondition,
  assertFileName,
  assertPackageName,
  assertReleaseTag,
  fileOf,
  folderOf,
  folderTagOf,
  nameInRelease,
  newestFirst,
  notFound,
  PackageStore,
  receive,
  StorageError,
  type ChangeOptions,
  type Committed,
  type Evict,
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
  type RemoveOptions,
  type RemovedRelease,
  type SavedRelease,
  type SaveReleaseOptions,
  type StagedPackage,
  type StageOptions,
  type StoreSnapshot,
} from 'release-server';

/** Bytes that a reader gets at once. */
const CHUNK = 256 * 1024;

export interface MemoryOptions {
  /** Bytes of all packages and uploads together. */
  readonly capacity: number;
  /** Bytes of it that an upload must leave free. */
  readonly minFreeSpace: number;
}

interface Stored {
  readonly package: Package;
  readonly bytes: Buffer;
}

/**
 * Packages in the memory of one process, for demonstrations and tests: they are gone when it ends, and take as much
 * memory as they have bytes. Between an `await` and the next nobody else runs, so that what has none is one step.
 */
export class MemoryPackageStore extends PackageStore {
  readonly location = 'memory';

  private readonly staged = new Map<string, Buffer>();
  private readonly stored = new Map<string, Stored>();
  private records: ReadonlyMap<string, ReleaseRecord> = new Map();
  private current: StoreSnapshot = { packages: [], drafts: [], releases: this.records };
  /** The latest publish time that was given. */
  private latest = 0;
  /** Bytes of what is stored, staged or being received. */
  private used = 0;

  constructor(private readonly options: MemoryOptions) {
    super();
  }

  async list(): Promise<readonly Package[]> {
    return this.current.packages;
  }

  override async snapshot(): Promise<StoreSnapshot> {
    return this.current;
  }

  async find(name: string, { drafts = false }: ReadOptions = {}): Promise<Package | undefined> {
    const stored = this.stored.get(name)?.package;
    return stored !== undefined && (drafts || !this.isDraft(stored)) ? stored : undefined;
  }

  /** The bytes are never changed, so that holding them is all that pins a revision. */
  async open(name: string, options?: ReadOptions): Promise<OpenPackage> {
    const found = await this.find(name, options);
    const bytes = this.stored.get(name)?.bytes;
    if (found === undefined || bytes === undefined) throw notFound(name);
    return {
      package: found,
      read: (start = 0, end = bytes.length - 1) => chunksOf(bytes, start, end),
      close: async () => undefined,
    };
  }

  async requireSpace(size: number): Promise<void> {
    this.assertRoom(size);
  }

  async requireCondition(name: string, condition: PublishCondition): Promise<void> {
    assertPackageName(name);
    assertCondition(name, condition, this.stored.get(name)?.package);
  }

  async stage(body: Readable, options: StageOptions): Promise<StagedPackage> {
    this.assertRoom(options.size ?? options.sizeAtMost ?? 0);
    const chunks: Uint8Array[] = [];
    let taken = 0;
    try {
      const received = await receive(body, options, (chunk) => {
        this.assertRoom(chunk.length);
        this.used += chunk.length;
        taken += chunk.length;
        chunks.push(chunk);
        return undefined;
      });
      const id = randomUUID();
      this.staged.set(id, Buffer.concat(chunks));
      return { id, ...received };
    } catch (error) {
      this.used -= taken;
      throw error;
    }
  }

  async discard({ id, size }: StagedPackage): Promise<void> {
    if (this.staged.delete(id)) this.used -= size;
  }

  async publish(staged: StagedPackage, name: string, options: PublishOptions): Promise<PublishResult> {
    assertPackageName(name);
    const replaced = this.stored.get(name)?.package;
    assertCondition(name, options.condition, replaced);
    const bytes = this.staged.get(staged.id);
    if (bytes === undefined) throw new StorageError('storage_failed', 'The upload is not there any more.');

    const { size, sha256 } = staged;
    const now = Date.now();
    const createdAt = options.createdAt ?? Math.max(now, this.latest + 1);
    const published = { name, size, createdAt, sha256, revision: `sha256:${sha256}` };
    const isDraft = this.isDraft(published);
    const evicted = isDraft ? [] : this.choose(options.evict, [published], this.records, now);

    // Nothing is refused from here on.
    if (replaced !== undefined) this.drop(replaced);
    this.evict(evicted, this.records);
    this.staged.delete(staged.id);
    this.stored.set(name, { package: published, bytes });
    this.latest = Math.max(this.latest, createdAt);
    this.relist();
    const result = { package: published, replaced, evicted, isDraft };
    options.committed?.(result);
    return result;
  }

  async remove(
    name: string,
    { condition = 'present', check, committed }: RemoveOptions = {},
  ): Promise<Package> {
    const existing = this.stored.get(name)?.package;
    if (existing === undefined) throw notFound(name);
    assertCondition(name, condition, existing);
    check?.(this.isDraft(existing));
    this.drop(existing);
    this.relist();
    committed?.(existing);
    return existing;
  }

  override async rename(
    name: string,
    file: string,
    { check, committed }: ChangeOptions = {},
  ): Promise<Package> {
    assertFileName(file);
    const before = this.stored.get(name);
    if (before === undefined) throw notFound(name);
    check?.(this.isDraft(before.package));
    const to = name.slice(0, name.indexOf('/') + 1) + file;
    const existing = this.stored.get(to)?.package;
    if (existing !== undefined) throw alreadyExists(to, existing);
    const renamed = { ...before.package, name: to };
    this.stored.delete(name);
    this.stored.set(to, { package: renamed, bytes: before.bytes });
    this.relist();
    committed?.(renamed);
    return renamed;
  }

  override async saveRelease(
    tag: string,
    change: ReleaseChange,
    { evict, committed }: SaveReleaseOptions,
  ): Promise<SavedRelease> {
    const state = this.stateOf(tag);
    const { record: before, packages, now } = state;
    const made = change(state);
    if (made === before) return { record: made, before, published: [], evicted: [] };
    const record = Object.freeze({ ...made });
    assertReleaseTag(record.tag);
    const other = record.tag === tag ? undefined : this.stateOf(record.tag);
    if (other !== undefined && (other.record !== undefined || other.packages.length > 0)) {
      throw new StorageError('release_exists', `There is a release ${record.tag} already.`);
    }
    const isPublished = before?.isDraft === true && !record.isDraft;
    const published = isPublished
      ? packages.map((one) => Object.freeze({ ...one, name: nameInRelease(record.tag, fileOf(one)) }))
      : [];
    const records = new Map(this.records);
    records.delete(tag);
    records.set(record.tag, record);
    const evicted = published.length === 0 ? [] : this.choose(evict, published, records, now);

    this.evict(evicted, records);
    if (other !== undefined) this.move(packages, record.tag);
    this.relist();
    const result = { record, before, published, evicted };
    committed?.(result);
    return result;
  }

  override async removeRelease(
    tag: string,
    also: ReleaseRemoval,
    committed?: Committed<RemovedRelease>,
  ): Promise<RemovedRelease> {
    const state = this.stateOf(tag);
    const packages = [...new Set([...state.packages, ...also(state)])];
    for (const one of packages) this.drop(one);
    const records = new Map(this.records);
    records.delete(tag);
    this.records = records;
    this.relist();
    const result = { record: state.record, packages };
    committed?.(result);
    return result;
  }

  async prune(evict: Evict): Promise<readonly Eviction[]> {
    const evicted = this.choose(evict, [], this.records, Date.now());
    if (evicted.length === 0) return evicted;
    this.evict(evicted, this.records);
    this.relist();
    return evicted;
  }

  async probe(): Promise<void> {
    this.assertRoom(0);
  }

  async close(): Promise<void> {}

  private assertRoom(size: number): void {
    const { capacity, minFreeSpace } = this.options;
    if (this.used + size + minFreeSpace <= capacity) return;
    throw new StorageError('insufficient_storage', `There is no room for ${size} more bytes in memory.`);
  }

  private isDraft(stored: Package): boolean {
    const tag = folderTagOf(stored);
    return tag !== undefined && this.records.get(tag)?.isDraft === true;
  }

  private stateOf(tag: string): ReleaseState {
    const folder = `${folderOf(tag)}/`;
    const { packages, drafts } = this.current;
    return {
      record: this.records.get(tag),
      packages: [...packages, ...drafts].filter(({ name }) => name.startsWith(folder)),
      snapshot: this.current,
      now: Date.now(),
    };
  }

  private choose(
    evict: Evict,
    incoming: readonly Package[],
    releases: ReadonlyMap<string, ReleaseRecord>,
    now: number,
  ): readonly Eviction[] {
    const coming = incoming.map(({ name, size, createdAt }) => ({ name, size, createdAt }));
    const chosen = evict(this.current.packages, { incoming: coming, releases, now });
    return chosen.filter((one) => !incoming.some(({ name }) => name === one.package.name));
  }

  /** The records become these but for those of releases that end. */
  private evict(evicted: readonly Eviction[], records: ReadonlyMap<string, ReleaseRecord>): void {
    for (const eviction of evicted) this.drop(eviction.package);
    const ended = new Set(evicted.map(({ endsRelease }) => endsRelease));
    this.records = new Map([...records].filter(([tag]) => !ended.has(tag)));
  }

  private move(packages: readonly Package[], tag: string): void {
    for (const { name } of packages) {
      const stored = this.stored.get(name);
      if (stored === undefined) continue;
      const to = nameInRelease(tag, name.slice(name.indexOf('/') + 1));
      this.stored.delete(name);
      this.stored.set(to, { ...stored, package: { ...stored.package, name: to } });
    }
  }

  private drop({ name, size }: Package): void {
    if (this.stored.delete(name)) this.used -= size;
  }

  private relist(): void {
    const all = [...this.stored.values()].map((stored) => stored.package).toSorted(newestFirst);
    const [drafts, packages] = [true, false].map((draft) => all.filter((one) => this.isDraft(one) === draft));
    this.current = { packages: packages ?? [], drafts: drafts ?? [], releases: this.records };
  }
}

async function* chunksOf(bytes: Buffer, start: number, end: number): AsyncIterable<Uint8Array> {
  if (end >= bytes.length)
    throw new StorageError('storage_failed', 'Fewer bytes are stored than were asked for.');
  for (let at = start; at <= end; at += CHUNK) yield bytes.subarray(at, Math.min(at + CHUNK, end + 1));
}
