import type { BigIntStats } from 'node:fs';

import { Logger } from '@nestjs/common';

import { unless } from '../errno.js';
import { inBatches } from '../in-batches.js';
import { isFileName, isPackageName } from '../package-name.js';
import { inParallel } from '../parallel.js';
import { pause } from '../pause.js';
import { tagOfFolder } from '../release-tag.js';
import { DirectoryWatcher, idOf } from './directory-watcher.js';
import type { FilesOnDisk, FoundFile } from './files-on-disk.js';
import { isTouched } from './fingerprint.js';
import { folderIn } from './folders.js';
import type { IndexedPackages } from './indexed-packages.js';
import type { Layout } from './layout.js';
import type { MetadataCache } from './metadata-cache.js';
import type { OwnChanges } from './own-changes.js';
import { describe, type IndexChanges, type IndexEntry } from './package-table.js';

/** A file put here by hand counts as whole after this long without a change. */
const QUIET_MS = 500;
/** A directory's mtime may be this coarse: a change within it may not move the mtime. */
const GRANULARITY_MS = 1500;
/** The name of what moved the directory's mtime comes within this time, if it comes. */
const LATENESS_MS = 20;
const PARALLEL_FOLDERS = 32;
/** What looking into the folder of somebody else fails with. */
const NOT_READABLE = ['EACCES', 'EPERM'];

/**
 * Brings what is in memory up to what lies in the directory: by the names that the operating system tells of others'
 * changes, or by a scan of all of it at the start, when names were lost, or when the directory's mtime moved and no name
 * came; on file systems where others' changes have no names, whenever its mtime moved.
 */
export class DirectoryScan {
  private watcher: DirectoryWatcher | undefined;
  /** The directory at the last look, and how many entries had moved before it; undefined when it was cut off. */
  private seen: { id: string; mtimeNs: bigint; moves: number } | undefined;
  /** Whether its mtime was too old then to hide a later change. */
  private settled = false;
  /** Files that changed a moment ago, to be looked at again. */
  private readonly unsettled = new Set<string>();
  private readonly logger = new Logger('storage');

  constructor(
    private readonly layout: Layout,
    private readonly files: FilesOnDisk,
    private readonly packages: IndexedPackages,
    private readonly own: OwnChanges,
    private readonly metadata: MetadataCache,
  ) {}

  /** Reads the directory for the first time; everything in it is taken to be whole. */
  async start(): Promise<void> {
    this.watcher = await DirectoryWatcher.of(this.layout.root);
    await this.scan(0);
  }

  close(): void {
    this.watcher?.close();
  }

  /** Enters what others have changed since the last look. */
  async look(): Promise<void> {
    const moves = this.watcher?.moves ?? 0;
    const directory = await this.files.root();
    if (await this.isToBeScanned(directory)) {
      await this.scan(QUIET_MS);
      return;
    }
    this.seen = undefined;
    await this.examine([...this.unsettled, ...(this.watcher?.take() ?? [])]);
    await this.examineUnwatched();
    this.seen = { id: idOf(directory), mtimeNs: directory.mtimeNs, moves };
  }

  /** Looks at one file, now. */
  async examineFile(name: string): Promise<void> {
    if (!isPackageName(name)) return;
    this.watcher?.drop(name);
    const folder = folderIn(name);
    if (folder !== undefined && this.packages.folders.get(folder) === undefined) {
      await this.examineFolder(folder);
    } else {
      await this.examineBatch([name], QUIET_MS);
    }
  }

  /**
   * Holds the folder of a release, its record and its packages against what is known of them, and watches it. What has
   * changed is entered in one step, so that one that was moved here or away comes or goes as a whole.
   */
  async examineFolder(folder: string, quiet = QUIET_MS): Promise<void> {
    if (this.own.holds(folder)) return;
    const isReadable = await unless(NOT_READABLE, () => this.examineReadable(folder, quiet));
    if (!isReadable) this.forgetFolder(folder);
  }

  /** Takes a folder out with all that is known of it, and watches it no more. */
  forgetFolder(folder: string): void {
    const known = this.packages.folders.get(folder);
    if (known === undefined) return;
    for (const name of known.names) this.unsettled.delete(name);
    this.packages.deleteFolder(folder);
    this.watcher?.unwatchFolder(folder);
  }

  /** Whether the file may be there, and only not listed because it changed a moment ago. */
  isUnsettled(name: string): boolean {
    const isToBeSeen = this.unsettled.has(name) || this.watcher?.has(name) === true;
    return isToBeSeen && this.packages.get(name) === undefined;
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

  /** Looks at everything. A file that changed less than `quiet` ms ago may be half, and is left for later. */
  private async scan(quiet: number): Promise<void> {
    this.own.beginScan();
    this.seen = undefined;
    try {
      const moves = this.watcher?.moves ?? 0;
      const directory = await this.files.root();
      this.watcher?.watch(directory);
      this.watcher?.take();
      this.settled = isSettled(directory);
      const present = new Set<string>();
      const folders = new Set(Array.from(this.packages.folders.all(), ([folder]) => folder));
      await inBatches(await this.layout.names(), async (batch) => {
        for (const name of batch) present.add(name);
        for (const folder of await this.examineBatch(batch, quiet)) folders.add(folder);
      });
      for (const folder of folders) await this.examineFolder(folder, quiet);
      // Looked at, too: what others have put here since the names were read may be known by now.
      const isLeft = (name: string): boolean => folderIn(name) === undefined && !present.has(name);
      await inBatches(this.packages.names(), async (batch) => {
        await this.examineBatch(batch.filter(isLeft), quiet);
      });
      this.seen = { id: idOf(directory), mtimeNs: directory.mtimeNs, moves };
    } finally {
      this.own.endScan();
    }
  }

  /** Holds files against their entries, some at a time, and folders of which there are names. */
  private async examine(names: Iterable<string>): Promise<void> {
    const folders = new Set<string>();
    const flat = new Set<string>();
    const inFolders = new Set<string>();
    for (const name of names) {
      const folder = folderIn(name);
      if (folder === undefined) flat.add(name);
      else if (this.watcher?.watchesFolder(folder) === true) inFolders.add(name);
      else folders.add(folder);
    }
    await inBatches(flat, async (batch) => {
      for (const folder of await this.examineBatch(batch, QUIET_MS)) folders.add(folder);
      for (const name of batch) if (this.packages.folders.get(name) !== undefined) folders.add(name);
    });
    // Before the packages in them, which their records may hide.
    for (const folder of folders) await this.examineFolder(folder);
    await inBatches(inFolders, async (batch) => {
      await this.examineBatch(batch, QUIET_MS);
    });
  }

  /** Looks at the folders of releases whose changes nobody tells, where their mtimes moved. */
  private async examineUnwatched(): Promise<void> {
    const unwatched = [...this.packages.folders.all()].filter(
      ([folder]) => this.watcher?.watchesFolder(folder) !== true,
    );
    await inParallel(unwatched, PARALLEL_FOLDERS, async ([folder, known]) => {
      const stats = await this.files.folder(folder);
      const isSame = stats !== undefined && idOf(stats) === known.id && stats.mtimeNs === known.mtimeNs;
      if (!isSame || !known.isSettled) await this.examineFolder(folder);
    });
  }

  private async examineReadable(folder: string, quiet: number): Promise<void> {
    const stats = await this.files.folder(folder);
    if (stats === undefined) {
      if (!this.own.hasWrittenFolder(folder)) this.forgetFolder(folder);
      return;
    }
    const known = this.packages.folders.enter(folder);
    if (known.id !== idOf(stats) || this.watcher?.watchesFolder(folder) !== true) {
      this.watcher?.watchFolder(folder, this.layout.folder(folder));
    }
    known.id = idOf(stats);
    known.mtimeNs = stats.mtimeNs;
    known.isSettled = isSettled(stats);
    const fingerprint = await this.files.recordFingerprint(folder);
    const read =
      fingerprint === known.recordFingerprint ? undefined : await this.files.record(folder, known.tag);
    const present = await this.files.namesIn(folder);
    const changes = await this.changesOf([...new Set([...known.names, ...present])], quiet);
    if (this.packages.folders.get(folder) !== known || this.own.holds(folder)) return;
    for (const name of present) known.names.add(name);
    for (const [name, entry] of changes) if (entry === undefined) known.names.delete(name);
    const state =
      read !== undefined && this.own.countsRecord(folder)
        ? { ...read, fingerprint }
        : {
            record: this.packages.folders.records.get(known.tag),
            fingerprint: known.recordFingerprint,
            isHidden: known.isHidden,
          };
    this.packages.applyFolder(known, state, changes);
  }

  /** Holds files against their entries, and returns which of them are folders of releases. */
  private async examineBatch(names: readonly string[], quiet: number): Promise<string[]> {
    const folders: string[] = [];
    this.packages.apply(await this.changesOf(names, quiet, (folder) => folders.push(folder)));
    return folders;
  }

  /** What has become of files. */
  private async changesOf(
    names: readonly string[],
    quiet: number,
    onFolder?: (folder: string) => void,
  ): Promise<IndexChanges> {
    const found = new Map<string, { file: FoundFile | undefined; before: IndexEntry | undefined }>();
    // Until they are held against what is found: a reader who asks meanwhile for a name without an entry has to wait.
    for (const name of names) this.unsettled.add(name);
    const isLocal = this.watcher?.isLocal === true;
    const entryOf = (name: string): IndexEntry | undefined => this.packages.get(name);
    await this.files.each(names, isLocal, entryOf, (name, before, file) => {
      if (file === 'a directory' && tagOfFolder(name) !== undefined) onFolder?.(name);
      const regular = typeof file === 'string' || !isPackage(name) ? undefined : file;
      if (regular?.fingerprint === entryOf(name)?.fingerprint) this.unsettled.delete(name);
      else found.set(name, { file: regular, before });
    });
    const isKnown = (name: string, file: FoundFile | undefined): boolean =>
      file === undefined || this.metadata.known(name, file.fingerprint) !== undefined;
    if ([...found].some(([name, { file }]) => !isKnown(name, file))) await this.metadata.catchUp();
    const changes = new Map<string, IndexEntry | undefined>();
    for (const [name, { file, before }] of found) {
      // Written by ourselves while we looked: that entry is newer than what we saw, but another file may be there again.
      if (entryOf(name) !== before || this.own.hasWritten(name)) continue;
      this.unsettled.delete(name);
      if (this.own.holds(name)) continue;
      changes.set(name, file === undefined ? undefined : this.entryFor(name, file, before, quiet));
    }
    return changes;
  }

  /** None for a file that changed less than `quiet` ms ago, which may be half, unless only its time changed. */
  private entryFor(
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
}

/** A name in a folder was built of one of a file. */
function isPackage(name: string): boolean {
  return folderIn(name) !== undefined || isFileName(name);
}

/** Whether the mtime of a directory is too old to hide a later change. */
function isSettled({ mtimeNs }: BigIntStats): boolean {
  return Math.abs(Date.now() - Number(mtimeNs / 1_000_000n)) > GRANULARITY_MS;
}
