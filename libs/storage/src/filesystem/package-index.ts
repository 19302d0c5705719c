import { lstatSync, type BigIntStats } from 'node:fs';
import { lstat, stat } from 'node:fs/promises';

import { Logger } from '@nestjs/common';

import { unless } from '../errno.js';
import { isFileName } from '../package-name.js';
import type { Package } from '../package-reader.js';
import type { PublishCondition } from '../package-store.js';
import { inParallel } from '../parallel.js';
import { pause } from '../pause.js';
import { SharedRun } from '../shared-run.js';
import { Digester } from './digester.js';
import { DirectoryWatcher, idOf } from './directory-watcher.js';
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
/** The name of what moved the directory's mtime comes within this time, if it comes. */
const LATENESS_MS = 20;
/** So many files are looked at before other work gets its turn: some milliseconds. */
const BATCH = 500;
const PARALLEL_STATS = 32;

/** A regular file as it was found. */
interface FoundFile {
  readonly fingerprint: string;
  /** Bytes. */
  readonly size: number;
  readonly createdAt: number;
  readonly stats: BigIntStats;
}

/**
 * The names and metadata of all packages in memory. Own writes enter it directly. What others do to the directory comes by
 * name from the operating system, and is looked at no more than every {@link TRUST_MS} and only when somebody asks. All
 * of the directory is read at the start, when names were lost, or when its mtime moved and no name came; on file
 * systems where others' changes have no names, whenever its mtime moved.
 */
export class PackageIndex {
  private readonly table = new PackageTable();
  private readonly digester: Digester;
  private readonly logger = new Logger('storage');

  private watcher: DirectoryWatcher | undefined;
  /** The directory at the last look, and how many entries had moved before it; undefined when it was cut off. */
  private seen: { id: string; mtimeNs: bigint; moves: number } | undefined;
  /** Whether its mtime was too old then to hide a later change. */
  private settled = false;
  private trustedUntil = 0;
  private readonly looks = new SharedRun(() => this.look());
  /** When the last look began. */
  private lookedAt = 0;
  /** Files that changed a moment ago, to be looked at again. */
  private readonly unsettled = new Set<string>();
  /** Names written by ourselves while a scan is in flight, on which the scan has no say. */
  private writtenDuringScan: Set<string> | undefined;

  constructor(
    private readonly layout: Layout,
    private readonly metadata: MetadataCache,
  ) {
    this.digester = new Digester((name, fingerprint, sha256) => {
      this.completeDigest(name, fingerprint, sha256);
    });
  }

  /** Reads the directory for the first time; everything in it is taken to be whole. */
  async start(): Promise<void> {
    this.watcher = await DirectoryWatcher.of(this.layout.root);
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
    return (await this.fileAt(name))?.fingerprint;
  }

  /** Takes out what we removed ourselves. */
  delete(name: string): void {
    this.writtenDuringScan?.add(name);
    this.table.delete(name);
  }

  /** Looks at one file again, now. For callers that found it to be other than the index says. */
  async recheck(name: string): Promise<void> {
    if (!isFileName(name)) return;
    this.watcher?.drop(name);
    await this.examineBatch([name], QUIET_MS);
  }

  /**
   * The package on which a condition is decided. Looks again where the answer would be a refusal, or depends on what
   * the file holds: others may have changed it since the last look.
   */
  async decidingOn(name: string, condition: PublishCondition): Promise<Package | undefined> {
    const listed = this.table.get(name)?.package;
    const isMet =
      condition === 'any' || (condition === 'absent' ? listed === undefined : listed !== undefined);
    if (!isMet || typeof condition === 'object') await this.recheck(name);
    return this.table.get(name)?.package;
  }

  /** Whether the file may be there, and only not listed because it changed a moment ago. */
  isUnsettled(name: string): boolean {
    const isToBeSeen = this.unsettled.has(name) || this.watcher?.has(name) === true;
    return isToBeSeen && this.table.get(name) === undefined;
  }

  /** The package that lies under a name now, listed or not. */
  async peek(name: string): Promise<Package | undefined> {
    const file = await this.fileAt(name);
    if (file === undefined) return undefined;
    const { size, createdAt, fingerprint } = file;
    return describe(name, size, createdAt, await this.metadata.load(name, fingerprint), fingerprint);
  }

  private async look(): Promise<void> {
    const began = performance.now();
    this.lookedAt = began;
    const moves = this.watcher?.moves ?? 0;
    const directory = await this.statRoot();
    if (await this.isToBeScanned(directory)) {
      await this.scan(QUIET_MS);
    } else {
      this.seen = undefined;
      const names = new Set([...this.unsettled, ...(this.watcher?.take() ?? [])]);
      await this.examine(names, QUIET_MS);
      this.seen = { id: idOf(directory), mtimeNs: directory.mtimeNs, moves };
    }
    this.metadata.trim(this.table.size, () => this.table.names());
    const duration = performance.now() - began;
    this.trustedUntil = began + Math.min(LONGEST_TRUST_MS, Math.max(TRUST_MS, TRUST_FACTOR * duration));
  }

  /** Whether there may be changes of which no name has come. */
  private async isToBeScanned(directory: BigIntStats): Promise<boolean> {
    const { watcher, seen } = this;
    if (seen?.id !== idOf(directory) || watcher?.hasLost === true) return true;
    const hasMoved = directory.mtimeNs !== seen.mtimeNs;
    if (watcher?.tellsAllOf(directory) !== true) return hasMoved || !this.settled;
    const deadline = performance.now() + LATENESS_MS;
    while (hasMoved && watcher.moves === seen.moves) {
      if (performance.now() > deadline) return true;
      await pause(1);
    }
    return false;
  }

  private async scan(quiet: number): Promise<void> {
    this.writtenDuringScan = new Set();
    this.seen = undefined;
    try {
      const moves = this.watcher?.moves ?? 0;
      const directory = await this.statRoot();
      this.watcher?.watch(directory);
      this.watcher?.take();
      const changed = Number(directory.mtimeNs / 1_000_000n);
      this.settled = Math.abs(Date.now() - changed) > GRANULARITY_MS;
      const present = new Set<string>();
      await inBatches(await this.layout.names(), async (batch) => {
        for (const name of batch) present.add(name);
        await this.examineBatch(batch, quiet);
      });
      // Looked at, too: what others have put here since the names were read may be known by now.
      await inBatches(this.table.names(), (batch) =>
        this.examineBatch(
          batch.filter((name) => !present.has(name)),
          quiet,
        ),
      );
      this.seen = { id: idOf(directory), mtimeNs: directory.mtimeNs, moves };
    } finally {
      this.writtenDuringScan = undefined;
    }
  }

  /** Holds files against their entries, some at a time. */
  private async examine(names: Iterable<string>, quiet: number): Promise<void> {
    await inBatches(names, (batch) => this.examineBatch(batch, quiet));
  }

  private async examineBatch(names: readonly string[], quiet: number): Promise<void> {
    const found = new Map<string, { file: FoundFile | undefined; before: IndexEntry | undefined }>();
    // Until they are held against what is found: a reader who asks meanwhile for a name without an entry has to wait.
    for (const name of names) this.unsettled.add(name);
    await this.filesAt(names, (name, before, file) => {
      if (file?.fingerprint === this.table.get(name)?.fingerprint) this.unsettled.delete(name);
      else found.set(name, { file, before });
    });
    const isKnown = (name: string, file: FoundFile | undefined): boolean =>
      file === undefined || this.metadata.known(name, file.fingerprint) !== undefined;
    if ([...found].some(([name, { file }]) => !isKnown(name, file))) await this.metadata.catchUp();
    const changes = new Map<string, IndexEntry | undefined>();
    for (const [name, { file, before }] of found) {
      // Written by ourselves while we looked: that entry is newer than what we saw, but another file may be there again.
      if (this.table.get(name) !== before || this.writtenDuringScan?.has(name) === true) continue;
      this.unsettled.delete(name);
      changes.set(name, file === undefined ? undefined : this.entryOf(name, file, before, quiet));
    }
    this.table.apply(changes);
    for (const [name, entry] of changes) {
      if (entry === undefined || entry.package.sha256 !== undefined) continue;
      this.digester.enqueue(name, entry.fingerprint, this.layout.package(name));
    }
  }

  /** None for a file that changed less than `quiet` ms ago, which may be half, unless only its time changed. */
  private entryOf(
    name: string,
    { fingerprint, size, createdAt, stats }: FoundFile,
    before: IndexEntry | undefined,
    quiet: number,
  ): IndexEntry | undefined {
    const sha256 = this.metadata.known(name, fingerprint);
    const age = Date.now() - Number(stats.ctimeNs / 1_000_000n);
    const isWhole =
      sha256 !== undefined || (before !== undefined && isTouched(before.fingerprint, fingerprint));
    if (!isWhole && Math.abs(age) < quiet) {
      this.unsettled.add(name);
      return undefined;
    }
    if (createdAt !== Number(stats.mtimeNs / 1_000_000n) && before?.package.createdAt !== createdAt) {
      this.logger.warn(
        `${name} says that it was modified outside of the years 1970 to 9999; it counts as of ${new Date(createdAt).toISOString()}`,
      );
    }
    return { fingerprint, package: describe(name, size, createdAt, sha256, fingerprint) };
  }

  /**
   * Looks at files, and tells of each with the entry that it had then. Where no disk but one of this machine can keep it
   * waiting it asks directly, which costs a third of what many threads cost.
   */
  private async filesAt(
    names: readonly string[],
    onFile: (name: string, before: IndexEntry | undefined, file: FoundFile | undefined) => void,
  ): Promise<void> {
    if (this.watcher?.isLocal === true) {
      for (const name of names) {
        const path = this.layout.package(name);
        const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
        onFile(name, this.table.get(name), fileOf(stats));
      }
      return;
    }
    await inParallel(names, PARALLEL_STATS, async (name) => {
      const before = this.table.get(name);
      onFile(name, before, await this.fileAt(name));
    });
  }

  private async fileAt(name: string): Promise<FoundFile | undefined> {
    let stats: BigIntStats | undefined;
    await unless(['ENOENT'], async () => {
      stats = await lstat(this.layout.package(name), { bigint: true });
    });
    return fileOf(stats);
  }

  private statRoot(): Promise<BigIntStats> {
    return stat(this.layout.root, { bigint: true });
  }

  private completeDigest(name: string, fingerprint: string, sha256: string): void {
    const entry = this.table.get(name);
    if (entry?.fingerprint !== fingerprint) return;
    const { size, createdAt } = entry.package;
    this.table.complete({
      fingerprint,
      package: describe(name, size, createdAt, sha256, fingerprint),
    });
    void this.metadata.save(name, fingerprint, sha256);
  }
}

/** Some at a time, between which other work gets its turn. */
async function inBatches(names: Iterable<string>, use: (batch: string[]) => Promise<void>): Promise<void> {
  let batch: string[] = [];
  for (const name of names) {
    if (batch.push(name) < BATCH) continue;
    await use(batch);
    batch = [];
    await new Promise(setImmediate);
  }
  await use(batch);
}

function fileOf(stats: BigIntStats | undefined): FoundFile | undefined {
  if (stats?.isFile() !== true) return undefined;
  return { fingerprint: fingerprintOf(stats), size: Number(stats.size), createdAt: modifiedAt(stats), stats };
}
