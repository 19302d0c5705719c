import { watch, type FSWatcher } from 'node:fs';
import { lstat, stat } from 'node:fs/promises';

import { Logger } from '@nestjs/common';

import { unless } from '../errno.js';
import { isPackageName } from '../package-name.js';
import type { Package } from '../package-reader.js';
import { inParallel } from '../parallel.js';
import { SharedRun } from '../shared-run.js';
import { Digester } from './digester.js';
import { fingerprintOf, isMoved, isTouched, modifiedAt } from './fingerprint.js';
import type { Layout } from './layout.js';
import type { MetadataCache } from './metadata-cache.js';
import { describe, PackageTable, type IndexEntry } from './package-table.js';

/** One look at the directory is trusted for this long, counted from its beginning. */
const TRUST_MS = 250;
/** One that takes long is trusted this many times its duration, and no longer than that. */
const TRUST_FACTOR = 4;
const LONGEST_TRUST_MS = 1000;
/** A file put here by hand counts as whole after this long without a change. */
const QUIET_MS = 500;
/** A directory's mtime may be this coarse: a change within it may not move the mtime. */
const GRANULARITY_MS = 1500;
const PARALLEL_STATS = 32;

/**
 * The names and metadata of all packages in memory. Own writes enter it directly; what others do to the
 * directory is noticed by its mtime, looked at no more than every {@link TRUST_MS} and only when somebody
 * asks. Changes to a file's content, which do not move that mtime, are reported by the operating system where
 * it can, and found when the file is opened.
 */
export class PackageIndex {
  private readonly table = new PackageTable();
  private readonly digester: Digester;
  private readonly logger = new Logger('storage');

  private seenMtime = -1n;
  private settled = false;
  private trustedUntil = 0;
  private readonly looks = new SharedRun(() => this.look());
  /** When the last look began. */
  private lookedAt = 0;
  /** Names to be looked at again, whatever the directory's mtime says. */
  private readonly dirty = new Set<string>();
  /** Names written by ourselves while a scan is in flight, on which the scan has no say. */
  private writtenDuringScan: Set<string> | undefined;
  private watcher: FSWatcher | undefined;

  constructor(
    private readonly layout: Layout,
    private readonly metadata: MetadataCache,
  ) {
    this.digester = new Digester((name, fingerprint, sha256) =>
      this.completeDigest(name, fingerprint, sha256),
    );
  }

  /** Reads the directory for the first time; everything in it is taken to be whole. */
  async start(): Promise<void> {
    this.watchContents();
    await this.metadata.catchUp();
    await this.scan(0);
    await this.metadata.keepOnly(this.table.names());
  }

  async close(): Promise<void> {
    this.watcher?.close();
    await this.digester.close();
    await this.metadata.close();
  }

  /** Brings the index up to what the directory says now, or said at most {@link LONGEST_TRUST_MS} ago. */
  async refresh(): Promise<void> {
    if (this.isCurrent) return;
    const now = performance.now();
    // A look that began long before may have missed what came since.
    if (now - this.lookedAt >= LONGEST_TRUST_MS) await this.looks.inFlight?.catch(() => undefined);
    await this.looks.join();
  }

  /** Whether {@link refresh} would trust the last look. */
  get isCurrent(): boolean {
    return performance.now() < this.trustedUntil;
  }

  get(name: string): IndexEntry | undefined {
    return this.table.get(name);
  }

  /** Newest first, then by name; the same array until something changes. */
  list(): readonly Package[] {
    return this.table.list(!this.digester.isIdle);
  }

  /** All packages in no particular order. */
  packages(): readonly Package[] {
    return this.table.packages();
  }

  /** The latest publish time of all packages, 0 where there is none. */
  get latestTime(): number {
    return this.table.latestTime;
  }

  /** Enters what we published ourselves. */
  put(entry: IndexEntry): void {
    this.writtenDuringScan?.add(entry.package.name);
    this.table.set(entry);
  }

  /** Enters what we had taken out and have put back: of the file only the ctime is another. */
  async reenter({ package: { name, size, createdAt, sha256 }, fingerprint }: IndexEntry): Promise<void> {
    const now = await this.fingerprintAt(name);
    if (now === undefined || !isMoved(fingerprint, now)) {
      await this.recheck(name);
      return;
    }
    this.put({ fingerprint: now, package: describe(name, size, createdAt, sha256, now) });
    if (sha256 === undefined) this.digester.enqueue(name, now, this.layout.package(name));
    else await this.metadata.save(name, now, sha256);
  }

  /** The fingerprint of the regular file under a name, now. */
  async fingerprintAt(name: string): Promise<string | undefined> {
    const stats = await this.statFile(name);
    return stats?.isFile() === true ? fingerprintOf(stats) : undefined;
  }

  /** Takes out what we removed ourselves. */
  delete(name: string): void {
    this.writtenDuringScan?.add(name);
    this.table.delete(name);
  }

  /** Looks at one file again, now. For callers that found it to be other than the index says. */
  async recheck(name: string): Promise<void> {
    if (!isPackageName(name)) return;
    this.dirty.delete(name);
    await this.examine(name, QUIET_MS);
  }

  /** Whether the file is there, and only not listed because it changed a moment ago. */
  isUnsettled(name: string): boolean {
    return this.table.get(name) === undefined && this.dirty.has(name);
  }

  /** The package that lies under a name now, listed or not. */
  async peek(name: string): Promise<Package | undefined> {
    const stats = await this.statFile(name);
    if (stats?.isFile() !== true) return undefined;
    const fingerprint = fingerprintOf(stats);
    const sha256 = await this.metadata.load(name, fingerprint);
    return describe(name, Number(stats.size), modifiedAt(stats), sha256, fingerprint);
  }

  private async look(): Promise<void> {
    const began = performance.now();
    this.lookedAt = began;
    const { mtimeNs } = await stat(this.layout.root, { bigint: true });
    if (mtimeNs !== this.seenMtime || !this.settled) {
      await this.scan(QUIET_MS);
    } else {
      await this.examineDirty();
    }
    const duration = performance.now() - began;
    this.trustedUntil = began + Math.min(LONGEST_TRUST_MS, Math.max(TRUST_MS, TRUST_FACTOR * duration));
  }

  private async scan(quiet: number): Promise<void> {
    this.writtenDuringScan = new Set();
    try {
      const { mtimeNs } = await stat(this.layout.root, { bigint: true });
      const settled = Math.abs(Date.now() - Number(mtimeNs / 1_000_000n)) > GRANULARITY_MS;
      this.dirty.clear();
      const names = await this.layout.names();
      await inParallel(names, PARALLEL_STATS, (name) => this.examine(name, quiet));
      const present = new Set(names);
      for (const name of this.table.names()) {
        if (!present.has(name) && !this.writtenDuringScan.has(name)) this.table.delete(name);
      }
      this.seenMtime = mtimeNs;
      this.settled = settled;
    } finally {
      this.writtenDuringScan = undefined;
    }
  }

  private async examineDirty(): Promise<void> {
    if (this.dirty.size === 0) return;
    const names = [...this.dirty];
    this.dirty.clear();
    await inParallel(names, PARALLEL_STATS, (name) => this.examine(name, QUIET_MS));
  }

  /**
   * Holds one file against its entry. A file that changed less than `quiet` ms ago may be half and is not
   * listed, unless only its time changed.
   */
  private async examine(name: string, quiet: number): Promise<void> {
    const before = this.table.get(name);
    const stats = await this.statFile(name);
    const fingerprint = stats?.isFile() === true ? fingerprintOf(stats) : undefined;
    if (fingerprint !== undefined && fingerprint === this.table.get(name)?.fingerprint) return;
    const sha256 = fingerprint === undefined ? undefined : await this.metadata.load(name, fingerprint);
    // Written by ourselves while we looked: that entry is newer than what we saw.
    if (this.table.get(name) !== before || this.writtenDuringScan?.has(name) === true) return;
    if (stats === undefined || fingerprint === undefined) {
      this.table.delete(name);
      return;
    }
    const age = Date.now() - Number(stats.ctimeNs / 1_000_000n);
    const isWhole =
      sha256 !== undefined || (before !== undefined && isTouched(before.fingerprint, fingerprint));
    if (!isWhole && Math.abs(age) < quiet) {
      this.table.delete(name);
      this.dirty.add(name);
      return;
    }
    const createdAt = modifiedAt(stats);
    if (createdAt !== Number(stats.mtimeNs / 1_000_000n) && before?.package.createdAt !== createdAt) {
      this.logger.warn(
        `${name} says that it was modified outside of the years 1970 to 9999; it counts as of ${new Date(createdAt).toISOString()}`,
      );
    }
    this.table.set({
      fingerprint,
      package: describe(name, Number(stats.size), createdAt, sha256, fingerprint),
    });
    if (sha256 === undefined) this.digester.enqueue(name, fingerprint, this.layout.package(name));
  }

  private async statFile(name: string): Promise<Awaited<ReturnType<typeof lstatBig>> | undefined> {
    let stats: Awaited<ReturnType<typeof lstatBig>> | undefined;
    await unless(['ENOENT'], async () => {
      stats = await lstatBig(this.layout.package(name));
    });
    return stats;
  }

  private async completeDigest(name: string, fingerprint: string, sha256: string): Promise<void> {
    const entry = this.table.get(name);
    if (entry?.fingerprint !== fingerprint) return;
    const { size, createdAt } = entry.package;
    this.table.complete({
      fingerprint,
      package: describe(name, size, createdAt, sha256, fingerprint),
    });
    await this.metadata.save(name, fingerprint, sha256);
  }

  private watchContents(): void {
    const onChange = (event: string, name: string | null): void => {
      if (event === 'change' && name !== null && isPackageName(name)) this.dirty.add(name);
    };
    try {
      this.watcher = watch(this.layout.root, { persistent: false }, onChange);
      // Out of watches or not supported: a changed file is noticed when it is opened.
      this.watcher.on('error', () => this.watcher?.close());
    } catch {
      this.watcher = undefined;
    }
  }
}

function lstatBig(path: string) {
  return lstat(path, { bigint: true });
}
