import { createHash } from 'node:crypto';
import { constants, type BigIntStats } from 'node:fs';
import { lstat, open, type FileHandle } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

import { LRUCache } from 'lru-cache';

import { notFound } from '../conditions.js';
import { errnoOf } from '../errno.js';
import type { OpenPackage, PackageContent } from '../package-reader.js';
import type { BufferPool } from '../staging/buffer-pool.js';
import { StorageError } from '../storage.errors.js';
import { fingerprintOf, isMoved } from './fingerprint.js';
import type { Layout } from './layout.js';
import type { PackageIndex } from './package-index.js';
import type { IndexEntry } from './package-table.js';
import { CachedFile, PinnedFile } from './pinned-file.js';

/** Files of at most so many bytes are kept in memory once they are read, up to the total. */
const CACHED_FILE_BYTES = 128 * 1024;
const CACHE_BYTES = 32 * 1024 * 1024;
/** Bytes that a cached file takes up beside its own: an entry, and the slab that Node cuts small buffers from. */
const ENTRY_OVERHEAD_BYTES = 8 * 1024;
/** A cached file is served for this long without a look at the disk. */
const CACHE_TRUST_MS = 1000;
/** A file that others are replacing is waited for this long, and for so many tries where each takes long. */
const PATIENCE_MS = 1000;
const LEAST_ATTEMPTS = 10;
/** Between two looks at it. */
const PAUSE_MS = 20;

/** Opens packages for reading: large ones by descriptor, small ones from memory. */
export class Reader {
  private readonly contents = new LRUCache<IndexEntry, { bytes: Buffer; seen: number }>({
    maxSize: CACHE_BYTES,
    sizeCalculation: ({ bytes }) => bytes.length + ENTRY_OVERHEAD_BYTES,
  });

  constructor(
    private readonly layout: Layout,
    private readonly index: PackageIndex,
    private readonly buffers: BufferPool,
  ) {}

  /** Pins the package of that name as it is now. @param drafts - Whether that may be one of a draft. */
  async open(name: string, drafts?: boolean): Promise<OpenPackage> {
    await this.index.refresh();
    const end = performance.now() + PATIENCE_MS;
    for (let attempt = 0; attempt < LEAST_ATTEMPTS || performance.now() < end; attempt++) {
      const entry = this.index.visible(name, drafts);
      const opened = entry === undefined ? undefined : await this.openEntry(entry);
      if (opened !== undefined) return opened;
      if (entry === undefined && !this.index.isUnsettled(name)) throw notFound(name);
      await this.index.recheck(name);
      if (entry === undefined && this.index.isUnsettled(name)) await delay(PAUSE_MS);
    }
    if (this.index.visible(name, drafts) === undefined) throw notFound(name);
    throw new StorageError(
      'storage_unavailable',
      `${name} is being replaced all the time; try again in a moment.`,
    );
  }

  /** A file that is in memory, where that is trusted without a look at the disk. */
  peek(name: string): PackageContent | undefined {
    const entry = this.index.isCurrent ? this.index.visible(name) : undefined;
    if (entry === undefined) return undefined;
    const cached = this.contents.get(entry);
    if (cached === undefined || performance.now() - cached.seen > CACHE_TRUST_MS) return undefined;
    return { package: entry.package, bytes: cached.bytes };
  }

  /** Pins the revision that `entry` tells of; undefined when the file is another revision by now, or gone. */
  private async openEntry(entry: IndexEntry): Promise<OpenPackage | undefined> {
    const cached = this.contents.get(entry);
    if (cached === undefined) return this.openFile(entry);
    const now = performance.now();
    if (now - cached.seen > CACHE_TRUST_MS) {
      if (!(await isRevision(this.layout.package(entry.package.name), entry))) return undefined;
      cached.seen = now;
    }
    return new CachedFile(entry.package, cached.bytes);
  }

  private async openFile(entry: IndexEntry): Promise<OpenPackage | undefined> {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await open(this.layout.package(entry.package.name), flags).catch((error: unknown) => {
      if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error) ?? '')) return undefined;
      throw error;
    });
    if (file === undefined) return undefined;
    const pinned = new PinnedFile(entry, file, this.buffers);
    const look = async (): Promise<BigIntStats> => file.stat({ bigint: true });
    try {
      if (entry.package.size > CACHED_FILE_BYTES) {
        if (isSame(await look(), entry)) return pinned;
        await pinned.close();
        return undefined;
      }
      let failure: unknown;
      const bytes = await readWhole(file, entry.package.size).catch(
        (error: unknown) => void (failure = error),
      );
      // After they are read, for it may have been rewritten until then; or only replaced, which moves the ctime as well.
      const after = await look();
      // What cannot be read may be no file, such as a pipe in its place.
      if (failure !== undefined && isSame(after, entry)) throw failure as Error;
      await pinned.close();
      if (bytes === undefined) return undefined;
      if (!isSame(after, entry) && sha256Of(bytes) !== entry.package.sha256) return undefined;
      this.contents.set(entry, { bytes, seen: performance.now() });
      return new CachedFile(entry.package, bytes);
    } catch (error) {
      await pinned.close();
      throw error;
    }
  }
}

/** All bytes of a file; undefined where it does not have so many, which is told by reading one more. */
async function readWhole(file: FileHandle, size: number): Promise<Buffer | undefined> {
  const bytes = Buffer.allocUnsafeSlow(size + 1);
  let filled = 0;
  for (let read = -1; read !== 0 && filled < size;) {
    ({ bytesRead: read } = await file.read(bytes, filled, bytes.length - filled, filled));
    filled += read;
  }
  return filled === size ? bytes.subarray(0, size) : undefined;
}

/**
 * Whether an open file is the revision that `entry` tells of. One that lies under no name any more was replaced or deleted
 * since it was opened, which is what moved its ctime.
 */
function isSame(stats: BigIntStats, { fingerprint }: IndexEntry): boolean {
  const now = fingerprintOf(stats);
  return now === fingerprint || (stats.nlink === 0n && isMoved(fingerprint, now));
}

function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Whether the file at `path` is the revision that `entry` tells of. */
export async function isRevision(path: string, entry: IndexEntry): Promise<boolean> {
  const stats = await lstat(path, { bigint: true }).catch(() => undefined);
  return stats !== undefined && fingerprintOf(stats) === entry.fingerprint;
}
