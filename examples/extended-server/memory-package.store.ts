import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';

import {
  assertCondition,
  assertFileName,
  newestFirst,
  NO_RELEASES,
  notFound,
  PackageStore,
  receive,
  StorageError,
  type Committed,
  type Evict,
  type Eviction,
  type OpenPackage,
  type Package,
  type PublishCondition,
  type PublishOptions,
  type PublishResult,
  type RemoveCondition,
  type StagedPackage,
  type StageOptions,
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
  private listed: readonly Package[] = [];
  /** The latest publish time that was given. */
  private latest = 0;
  /** Bytes of what is stored, staged or being received. */
  private used = 0;

  constructor(private readonly options: MemoryOptions) {
    super();
  }

  async list(): Promise<readonly Package[]> {
    return this.listed;
  }

  async find(name: string): Promise<Package | undefined> {
    return this.stored.get(name)?.package;
  }

  /** The bytes are never changed, so that holding them is all that pins a revision. */
  async open(name: string): Promise<OpenPackage> {
    const stored = this.stored.get(name);
    if (stored === undefined) throw notFound(name);
    const { bytes } = stored;
    return {
      package: stored.package,
      read: (start = 0, end = bytes.length - 1) => chunksOf(bytes, start, end),
      close: async () => undefined,
    };
  }

  async requireSpace(size: number): Promise<void> {
    this.assertRoom(size);
  }

  async requireCondition(name: string, condition: PublishCondition): Promise<void> {
    assertFileName(name);
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
    assertFileName(name);
    const replaced = this.stored.get(name)?.package;
    assertCondition(name, options.condition, replaced);
    const bytes = this.staged.get(staged.id);
    if (bytes === undefined) throw new StorageError('storage_failed', 'The upload is not there any more.');

    const { size, sha256 } = staged;
    const now = Date.now();
    const createdAt = options.createdAt ?? Math.max(now, this.latest + 1);
    const chosen = options.evict(this.listed, {
      incoming: [{ name, size, createdAt }],
      releases: NO_RELEASES,
      now,
    });
    const evicted = chosen.filter((one) => one.package.name !== name);
    const published = { name, size, createdAt, sha256, revision: `sha256:${sha256}` };

    // Nothing is refused from here on.
    if (replaced !== undefined) this.drop(replaced);
    for (const eviction of evicted) this.drop(eviction.package);
    this.staged.delete(staged.id);
    this.stored.set(name, { package: published, bytes });
    this.latest = Math.max(this.latest, createdAt);
    this.relist();
    const result = { package: published, replaced, evicted };
    options.committed?.(result);
    return result;
  }

  async remove(
    name: string,
    condition: RemoveCondition = 'present',
    committed?: Committed<Package>,
  ): Promise<Package> {
    const existing = this.stored.get(name)?.package;
    if (existing === undefined) throw notFound(name);
    assertCondition(name, condition, existing);
    this.drop(existing);
    this.relist();
    committed?.(existing);
    return existing;
  }

  async prune(evict: Evict): Promise<readonly Eviction[]> {
    const evicted = evict(this.listed, { incoming: [], releases: NO_RELEASES, now: Date.now() });
    if (evicted.length === 0) return evicted;
    for (const eviction of evicted) this.drop(eviction.package);
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

  private drop({ name, size }: Package): void {
    if (this.stored.delete(name)) this.used -= size;
  }

  private relist(): void {
    const packages = [...this.stored.values()].map((stored) => stored.package);
    this.listed = packages.toSorted(newestFirst);
  }
}

async function* chunksOf(bytes: Buffer, start: number, end: number): AsyncIterable<Uint8Array> {
  if (end >= bytes.length)
    throw new StorageError('storage_failed', 'Fewer bytes are stored than were asked for.');
  for (let at = start; at <= end; at += CHUNK) yield bytes.subarray(at, Math.min(at + CHUNK, end + 1));
}
