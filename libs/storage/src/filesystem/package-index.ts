import { lstatSync, type BigIntStats } from 'node:fs';
import { lstat, stat } from 'node:fs/promises';

import { Logger } from '@nestjs/common';

import { errnoOf, unless } from '../errno.js';
import { inBatches } from '../in-batches.js';
import { isFileName, isPackageName } from '../package-name.js';
import { newestFirst } from '../newest-first.js';
import type { Package, StoreSnapshot } from '../package-reader.js';
import type { PublishCondition } from '../package-store.js';
import { inParallel } from '../parallel.js';
import { pause } from '../pause.js';
import type { ReleaseRecord } from '../release-record.js';
import { tagOfFolder } from '../release-tag.js';
import { SharedRun } from '../shared-run.js';
import { Digester } from './digester.js';
import { DirectoryWatcher, idOf } from './directory-watcher.js';
import { fingerprintOf, isMoved, isTouched, modifiedAt } from './fingerprint.js';
import { folderIn, Folders, type Folder } from './folders.js';
import type { Layout } from './layout.js';
import type { MetadataCache } from './metadata-cache.js';
import { describe, PackageTable, type IndexEntry } from './package-table.js';
import { readRecord } from './record-file.js';

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
const PARALLEL_STATS = 32;
/** What looking into the folder of somebody else fails with. */
const NOT_READABLE = ['EACCES', 'EPERM'];

/** What was found under a name of which no file came. */
type Other = 'a directory' | 'nothing';

/** A regular file as it was found. */
interface FoundFile {
  readonly fingerprint: string;
  /** Bytes. */
  readonly size: number;
  readonly createdAt: number;
  readonly stats: BigIntStats;
}

/**
 * The names and metadata of all packages and releases in memory. Own writes enter it directly. What others do to the directory comes by
 * name from the operating system, and is looked at no more than every {@link TRUST_MS} and only when somebody asks. All
 * of the directory is read at the start, when names were lost, or when its mtime moved and no name came; on file
 * systems where others' changes have no names, whenever its mtime moved.
 */
export class PackageIndex {
  private readonly shown = new PackageTable();
  /** Packages in the folders of drafts. */
  private readonly hidden = new PackageTable();
  private readonly folders = new Folders();
  private taken: StoreSnapshot | undefined;
  /** Names that are on their way out, or back: no look has a say on them. */
  private readonly held = new Set<string>();
  /** Folders whose records are on their way out, and say nothing whether they still lie there or not. */
  private readonly heldRecords = new Set<string>();
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
    await this.metadata.keepOnly((name) => this.has(name));
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

  /** The package of that name, be it that of a draft. */
  get(name: string): IndexEntry | undefined {
    return this.tableOf(name).get(name);
  }

  /** The same for those who see drafts, or do not. */
  visible(name: string, drafts = false): IndexEntry | undefined {
    return drafts || !this.folders.hides(name) ? this.get(name) : undefined;
  }

  /** Public packages, newest first, then by name; the same array until something changes. */
  list(): readonly Package[] {
    return this.shown.list(!this.digester.isIdle);
  }

  /** All of it at one moment; the same object until something changes. */
  snapshot(): StoreSnapshot {
    const packages = this.list();
    const drafts = this.hidden.list(!this.digester.isIdle);
    const releases = this.folders.records;
    const { taken } = this;
    if (taken?.packages === packages && taken.drafts === drafts && taken.releases === releases) return taken;
    return (this.taken = Object.freeze({ packages, drafts, releases }));
  }

  /** The record of the release of a folder, and the packages in it, newest first. */
  releaseIn(folder: string): { record: ReleaseRecord | undefined; packages: readonly Package[] } {
    const known = this.folders.get(folder);
    if (known === undefined) return { record: undefined, packages: [] };
    const packages = [...known.names].flatMap((name) => this.get(name)?.package ?? []);
    return { record: this.folders.records.get(known.tag), packages: packages.toSorted(newestFirst) };
  }

  /** Whether packages of that name are those of a draft. */
  hides(name: string): boolean {
    return this.folders.hides(name);
  }

  /** The latest publish time of all packages, 0 where there is none. */
  get latestTime(): number {
    return Math.max(this.shown.latestTime, this.hidden.latestTime);
  }

  /** Enters what we published ourselves. */
  put(entry: IndexEntry): void {
    this.writtenDuringScan?.add(entry.package.name);
    this.folders.note(entry.package.name);
    this.tableOf(entry.package.name).set(entry);
  }

  /** Looks at the folder of a release now, whatever was known of it, and watches it. */
  async enterFolder(folder: string): Promise<void> {
    await this.examineFolder(folder, QUIET_MS);
  }

  /** Enters a record that we wrote ourselves: at once with its packages, which are shown or hidden from now on. */
  async enterRecord(folder: string, record: ReleaseRecord): Promise<void> {
    const fingerprint = await this.recordFingerprint(folder);
    this.writtenDuringScan?.add(`${folder}/`);
    this.apply(this.folders.enter(folder), fingerprint, record, record.isDraft, new Map());
  }

  /** Takes out a record that is about to be removed, and leaves it out until it is let go. */
  holdRecord(folder: string): void {
    this.heldRecords.add(folder);
    const known = this.folders.get(folder);
    if (known === undefined) return;
    this.writtenDuringScan?.add(`${folder}/`);
    this.apply(known, undefined, undefined, false, new Map());
  }

  releaseRecord(folder: string): void {
    this.writtenDuringScan?.add(`${folder}/`);
    this.heldRecords.delete(folder);
  }

  /** Moves all that is known of a release to another folder, to which we moved the directory. */
  async moveFolder(from: string, to: string, record: ReleaseRecord): Promise<void> {
    const { packages } = this.releaseIn(from);
    const changes = new Map<string, IndexEntry | undefined>();
    for (const { name, size, createdAt, sha256 } of packages) {
      const entry = this.get(name);
      if (entry === undefined) continue;
      const moved = `${to}/${name.slice(from.length + 1)}`;
      const { fingerprint } = entry;
      changes.set(moved, { fingerprint, package: describe(moved, size, createdAt, sha256, fingerprint) });
      if (sha256 !== undefined) void this.metadata.save(moved, fingerprint, sha256);
    }
    const fingerprint = await this.recordFingerprint(to);
    for (const folder of [from, to]) this.writtenDuringScan?.add(`${folder}/`);
    this.forgetFolder(from);
    this.apply(this.folders.enter(to), fingerprint, record, record.isDraft, changes);
    await this.examineFolder(to, QUIET_MS);
  }

  /**
   * Takes packages out, and a release of which it is told, all at once; until they are let go of with {@link release} no
   * look at the directory brings them back.
   */
  hold(names: readonly string[], folder?: string): void {
    for (const name of names) this.held.add(name);
    if (folder !== undefined) {
      this.held.add(folder);
      this.forgetFolder(folder);
    }
    const changes = new Map(names.map((name) => [name, undefined] as const));
    this.shown.apply(changes);
    this.hidden.apply(changes);
  }

  release(names: readonly string[], folder?: string): void {
    for (const name of names) {
      this.writtenDuringScan?.add(name);
      this.held.delete(name);
    }
    if (folder === undefined) return;
    this.writtenDuringScan?.add(`${folder}/`);
    this.held.delete(folder);
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
    this.tableOf(name).delete(name);
  }

  /** Looks at one file again, now. For callers that found it to be other than the index says. */
  async recheck(name: string): Promise<void> {
    if (!isPackageName(name)) return;
    this.watcher?.drop(name);
    const folder = folderIn(name);
    if (folder !== undefined && this.folders.get(folder) === undefined)
      await this.examineFolder(folder, QUIET_MS);
    else await this.examineBatch([name], QUIET_MS);
  }

  /**
   * The package on which a condition is decided. Looks again where the answer would be a refusal, or depends on what
   * the file holds: others may have changed it since the last look.
   */
  async decidingOn(name: string, condition: PublishCondition): Promise<Package | undefined> {
    const listed = this.get(name)?.package;
    const isMet =
      condition === 'any' || (condition === 'absent' ? listed === undefined : listed !== undefined);
    if (!isMet || typeof condition === 'object') await this.recheck(name);
    return this.get(name)?.package;
  }

  /** Whether the file may be there, and only not listed because it changed a moment ago. */
  isUnsettled(name: string): boolean {
    const isToBeSeen = this.unsettled.has(name) || this.watcher?.has(name) === true;
    return isToBeSeen && this.get(name) === undefined;
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
      await this.examineUnwatched(QUIET_MS);
      this.seen = { id: idOf(directory), mtimeNs: directory.mtimeNs, moves };
    }
    await this.metadata.trim(this.shown.size + this.hidden.size, (name) => this.has(name));
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
      const folders = new Set(Array.from(this.folders.all(), ([folder]) => folder));
      await inBatches(await this.layout.names(), async (batch) => {
        for (const name of batch) present.add(name);
        for (const folder of await this.examineBatch(batch, quiet)) folders.add(folder);
      });
      for (const folder of folders) await this.examineFolder(folder, quiet);
      // Looked at, too: what others have put here since the names were read may be known by now.
      const isLeft = (name: string): boolean => folderIn(name) === undefined && !present.has(name);
      await inBatches(this.shown.names(), async (batch) => {
        await this.examineBatch(batch.filter(isLeft), quiet);
      });
      this.seen = { id: idOf(directory), mtimeNs: directory.mtimeNs, moves };
    } finally {
      this.writtenDuringScan = undefined;
    }
  }

  /** Holds files against their entries, some at a time, and folders of which there are names. */
  private async examine(names: Iterable<string>, quiet: number): Promise<void> {
    const folders = new Set<string>();
    const [flat, inFolders]: [string[], string[]] = [[], []];
    for (const name of names) {
      const folder = folderIn(name);
      if (folder === undefined) flat.push(name);
      else if (this.watcher?.watchesFolder(folder) === true) inFolders.push(name);
      else folders.add(folder);
    }
    await inBatches(flat, async (batch) => {
      for (const folder of await this.examineBatch(batch, quiet)) folders.add(folder);
      for (const name of batch) if (this.folders.get(name) !== undefined) folders.add(name);
    });
    // Before the packages in them, which their records may hide.
    for (const folder of folders) await this.examineFolder(folder, quiet);
    await inBatches(inFolders, async (batch) => {
      await this.examineBatch(batch, quiet);
    });
  }

  /** Holds the folders of releases against what is known of them whose changes nobody tells, where their mtimes moved. */
  private async examineUnwatched(quiet: number): Promise<void> {
    const unwatched = [...this.folders.all()].filter(
      ([folder]) => this.watcher?.watchesFolder(folder) !== true,
    );
    await inParallel(unwatched, PARALLEL_STATS, async ([folder, known]) => {
      const stats = await this.statFolder(folder);
      const isSame = stats !== undefined && idOf(stats) === known.id && stats.mtimeNs === known.mtimeNs;
      if (!isSame || !known.isSettled) await this.examineFolder(folder, quiet);
    });
  }

  /**
   * Holds the folder of a release, its record and its packages against what is known of them. What has changed is entered
   * in one step, so that one that was moved here or away comes or goes as a whole.
   */
  private async examineFolder(folder: string, quiet: number): Promise<void> {
    if (this.held.has(folder)) return;
    const isReadable = await unless(NOT_READABLE, () => this.examineReadable(folder, quiet));
    if (!isReadable) this.forgetFolder(folder);
  }

  private async examineReadable(folder: string, quiet: number): Promise<void> {
    const stats = await this.statFolder(folder);
    if (stats === undefined) {
      if (!this.isWrittenFolder(folder)) this.forgetFolder(folder);
      return;
    }
    const known = this.folders.enter(folder);
    if (known.id !== idOf(stats) || this.watcher?.watchesFolder(folder) !== true) {
      this.watcher?.watchFolder(folder, this.layout.folder(folder));
    }
    known.id = idOf(stats);
    known.mtimeNs = stats.mtimeNs;
    known.isSettled = Math.abs(Date.now() - Number(stats.mtimeNs / 1_000_000n)) > GRANULARITY_MS;
    const fingerprint = await this.recordFingerprint(folder);
    const read =
      fingerprint === known.recordFingerprint ? undefined : await this.readRecord(folder, known.tag);
    let present: string[] = [];
    await unless(['ENOENT', 'ENOTDIR'], async () => {
      present = await this.layout.namesIn(folder);
    });
    const names = [...new Set([...known.names, ...present])];
    const changes = await this.changesOf(names, quiet);
    if (this.folders.get(folder) !== known || this.held.has(folder)) return;
    for (const name of present) known.names.add(name);
    for (const [name, entry] of changes) if (entry === undefined) known.names.delete(name);
    const isRead = read !== undefined && !this.isWrittenFolder(folder) && !this.heldRecords.has(folder);
    const record = isRead ? read.record : this.folders.records.get(known.tag);
    const isHidden = isRead ? read.isHidden : known.isHidden;
    this.apply(known, isRead ? fingerprint : known.recordFingerprint, record, isHidden, changes);
  }

  /** The record that lies in a folder. One that cannot be read hides the release: it may be a draft. */
  private async readRecord(
    folder: string,
    tag: string,
  ): Promise<{ record: ReleaseRecord | undefined; isHidden: boolean }> {
    const path = this.layout.record(folder);
    let result: { record: ReleaseRecord | undefined; isHidden: boolean } = {
      record: undefined,
      isHidden: false,
    };
    await unless(['ENOENT'], async () => {
      const read = await readRecord(path, tag).catch((error: unknown) => {
        if (errnoOf(error) === undefined || errnoOf(error) === 'ENOENT') throw error;
        return { flaw: `: ${errnoOf(error)}` };
      });
      if ('record' in read) {
        result = { record: read.record, isHidden: read.record.isDraft };
        return;
      }
      this.logger.warn(`${path}${read.flaw}: the release is hidden until that is fixed`);
      result = { record: undefined, isHidden: true };
    });
    return result;
  }

  /** Enters in one step what has become of a folder, and of packages in it. */
  private apply(
    known: Folder,
    fingerprint: string | undefined,
    record: ReleaseRecord | undefined,
    isHidden: boolean,
    changes: ReadonlyMap<string, IndexEntry | undefined>,
  ): void {
    known.recordFingerprint = fingerprint;
    this.folders.setRecord(known, record);
    for (const [name, entry] of changes) if (entry !== undefined) known.names.add(name);
    const [from, to] = known.isHidden ? [this.hidden, this.shown] : [this.shown, this.hidden];
    if (known.isHidden !== isHidden) {
      const moving = new Map([...known.names].map((name) => [name, from.get(name)] as const));
      from.apply(new Map([...moving.keys()].map((name) => [name, undefined] as const)));
      to.apply(moving);
      known.isHidden = isHidden;
    }
    if (changes.size > 0) (isHidden ? this.hidden : this.shown).apply(changes);
    this.enqueueDigests(changes);
  }

  private forgetFolder(folder: string): void {
    const known = this.folders.get(folder);
    if (known === undefined) return;
    const changes = new Map([...known.names].map((name) => [name, undefined] as const));
    (known.isHidden ? this.hidden : this.shown).apply(changes);
    for (const name of known.names) this.unsettled.delete(name);
    this.folders.delete(folder);
    this.watcher?.unwatchFolder(folder);
  }

  private isWrittenFolder(folder: string): boolean {
    return this.writtenDuringScan?.has(`${folder}/`) === true;
  }

  private async statFolder(folder: string): Promise<BigIntStats | undefined> {
    let stats: BigIntStats | undefined;
    await unless(['ENOENT', 'ENOTDIR'], async () => {
      stats = await lstat(this.layout.folder(folder), { bigint: true });
    });
    return stats?.isDirectory() === true && tagOfFolder(folder) !== undefined ? stats : undefined;
  }

  private async recordFingerprint(folder: string): Promise<string | undefined> {
    let fingerprint: string | undefined;
    await unless(['ENOENT', 'ENOTDIR'], async () => {
      fingerprint = fingerprintOf(await lstat(this.layout.record(folder), { bigint: true }));
    });
    return fingerprint;
  }

  private tableOf(name: string): PackageTable {
    return this.folders.hides(name) ? this.hidden : this.shown;
  }

  private has(name: string): boolean {
    return this.shown.get(name) !== undefined || this.hidden.get(name) !== undefined;
  }

  /** Holds files against their entries, and returns which of them are directories. */
  private async examineBatch(names: readonly string[], quiet: number): Promise<string[]> {
    const directories: string[] = [];
    const changes = await this.changesOf(names, quiet, (name) => directories.push(name));
    const [hidden, shown] = [
      new Map<string, IndexEntry | undefined>(),
      new Map<string, IndexEntry | undefined>(),
    ];
    for (const [name, entry] of changes) {
      (this.folders.hides(name) ? hidden : shown).set(name, entry);
      if (entry !== undefined) this.folders.note(name);
    }
    this.shown.apply(shown);
    if (hidden.size > 0) this.hidden.apply(hidden);
    this.enqueueDigests(changes);
    return directories;
  }

  private enqueueDigests(changes: ReadonlyMap<string, IndexEntry | undefined>): void {
    for (const [name, entry] of changes) {
      if (entry === undefined || entry.package.sha256 !== undefined) continue;
      this.digester.enqueue(name, entry.fingerprint, this.layout.package(name));
    }
  }

  /** What has become of files: an entry, or undefined where there is no package any more. */
  private async changesOf(
    names: readonly string[],
    quiet: number,
    onDirectory?: (name: string) => void,
  ): Promise<Map<string, IndexEntry | undefined>> {
    const found = new Map<string, { file: FoundFile | undefined; before: IndexEntry | undefined }>();
    // Until they are held against what is found: a reader who asks meanwhile for a name without an entry has to wait.
    for (const name of names) this.unsettled.add(name);
    await this.filesAt(names, (name, before, file) => {
      if (file === 'a directory' && tagOfFolder(name) !== undefined) onDirectory?.(name);
      const regular = typeof file === 'string' || !isPackage(name) ? undefined : file;
      if (regular?.fingerprint === this.get(name)?.fingerprint) this.unsettled.delete(name);
      else found.set(name, { file: regular, before });
    });
    const isKnown = (name: string, file: FoundFile | undefined): boolean =>
      file === undefined || this.metadata.known(name, file.fingerprint) !== undefined;
    if ([...found].some(([name, { file }]) => !isKnown(name, file))) await this.metadata.catchUp();
    const changes = new Map<string, IndexEntry | undefined>();
    for (const [name, { file, before }] of found) {
      // Written by ourselves while we looked: that entry is newer than what we saw, but another file may be there again.
      if (this.get(name) !== before || this.writtenDuringScan?.has(name) === true) continue;
      this.unsettled.delete(name);
      if (this.held.has(name)) continue;
      changes.set(name, file === undefined ? undefined : this.entryOf(name, file, before, quiet));
    }
    return changes;
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
    onFile: (name: string, before: IndexEntry | undefined, file: FoundFile | Other) => void,
  ): Promise<void> {
    if (this.watcher?.isLocal === true) {
      for (const name of names) {
        const path = this.layout.package(name);
        const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
        onFile(name, this.get(name), fileOf(stats));
      }
      return;
    }
    await inParallel(names, PARALLEL_STATS, async (name) => {
      const before = this.get(name);
      onFile(name, before, fileOf(await this.statsAt(name)));
    });
  }

  private async fileAt(name: string): Promise<FoundFile | undefined> {
    const file = fileOf(await this.statsAt(name));
    return typeof file === 'string' ? undefined : file;
  }

  private async statsAt(name: string): Promise<BigIntStats | undefined> {
    let stats: BigIntStats | undefined;
    await unless(['ENOENT', 'ENOTDIR'], async () => {
      stats = await lstat(this.layout.package(name), { bigint: true });
    });
    return stats;
  }

  private statRoot(): Promise<BigIntStats> {
    return stat(this.layout.root, { bigint: true });
  }

  private completeDigest(name: string, fingerprint: string, sha256: string): void {
    const entry = this.get(name);
    if (entry?.fingerprint !== fingerprint) return;
    const { size, createdAt } = entry.package;
    this.tableOf(name).complete({
      fingerprint,
      package: describe(name, size, createdAt, sha256, fingerprint),
    });
    void this.metadata.save(name, fingerprint, sha256);
  }
}

/** A name in a folder was built of one of a file. */
function isPackage(name: string): boolean {
  return folderIn(name) !== undefined || isFileName(name);
}

function fileOf(stats: BigIntStats | undefined): FoundFile | Other {
  if (stats?.isFile() !== true) return stats?.isDirectory() === true ? 'a directory' : 'nothing';
  return { fingerprint: fingerprintOf(stats), size: Number(stats.size), createdAt: modifiedAt(stats), stats };
}
