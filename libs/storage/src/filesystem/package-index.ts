import type { Package, StoreSnapshot } from '../package-reader.js';
import type { PublishCondition } from '../package-store.js';
import type { ReleaseRecord } from '../release-record.js';
import { SharedRun } from '../shared-run.js';
import { DirectoryScan } from './directory-scan.js';
import { FilesOnDisk } from './files-on-disk.js';
import { isMoved } from './fingerprint.js';
import { IndexedPackages, NO_RECORD } from './indexed-packages.js';
import type { Layout } from './layout.js';
import type { MetadataCache } from './metadata-cache.js';
import { OwnChanges } from './own-changes.js';
import { describe, type IndexEntry } from './package-table.js';

/** One look at the directory is trusted for this long, counted from its beginning. */
const TRUST_MS = 250;
/** One that takes long is trusted this many times its duration, and no longer than that. */
const TRUST_FACTOR = 4;
const LONGEST_TRUST_MS = 1000;

/**
 * The names and metadata of all packages and releases. Own writes enter it directly. What others do to the directory is
 * looked at no more than every {@link TRUST_MS}, and only when somebody asks.
 */
export class PackageIndex {
  private readonly files: FilesOnDisk;
  private readonly packages: IndexedPackages;
  private readonly own = new OwnChanges();
  private readonly directory: DirectoryScan;
  private readonly looks = new SharedRun(() => this.look());
  /** When the last look began. */
  private lookedAt = 0;
  private trustedUntil = 0;

  constructor(
    layout: Layout,
    private readonly metadata: MetadataCache,
  ) {
    this.files = new FilesOnDisk(layout);
    this.packages = new IndexedPackages(layout, metadata);
    this.directory = new DirectoryScan(layout, this.files, this.packages, this.own, metadata);
  }

  /** Reads the directory for the first time; everything in it is taken to be whole. */
  async start(): Promise<void> {
    await this.metadata.catchUp();
    await this.directory.start();
    await this.metadata.keepOnly((name) => this.packages.has(name));
  }

  async close(): Promise<void> {
    this.directory.close();
    await this.packages.close();
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
    return this.packages.get(name);
  }

  /** The same for those who see drafts, or do not. */
  visible(name: string, drafts = false): IndexEntry | undefined {
    return drafts || !this.hides(name) ? this.get(name) : undefined;
  }

  /** Public packages, newest first, then by name; the same array until something changes. */
  list(): readonly Package[] {
    return this.packages.list();
  }

  /** All of it at one moment; the same object until something changes. */
  snapshot(): StoreSnapshot {
    return this.packages.snapshot();
  }

  /** The record of the release of a folder, and the packages in it, newest first. */
  releaseIn(folder: string): { record: ReleaseRecord | undefined; packages: readonly Package[] } {
    return this.packages.releaseIn(folder);
  }

  /** Whether packages of that name are those of a draft. */
  hides(name: string): boolean {
    return this.packages.folders.hides(name);
  }

  /** The latest publish time of all packages, 0 where there is none. */
  get latestTime(): number {
    return this.packages.latestTime;
  }

  /** Enters what we published ourselves. */
  put(entry: IndexEntry): void {
    this.own.wrote(entry.package.name);
    this.packages.put(entry);
  }

  /** Takes out what we removed ourselves. */
  delete(name: string): void {
    this.own.wrote(name);
    this.packages.delete(name);
  }

  /** Looks at the folder of a release now, whatever was known of it, and watches it. */
  async enterFolder(folder: string): Promise<void> {
    await this.directory.examineFolder(folder);
  }

  /** Enters a record that we wrote ourselves: at once with its packages, which are shown or hidden from now on. */
  async enterRecord(folder: string, record: ReleaseRecord): Promise<void> {
    const fingerprint = await this.files.recordFingerprint(folder);
    this.own.wroteFolder(folder);
    const known = this.packages.folders.enter(folder);
    this.packages.applyFolder(known, { record, fingerprint, isHidden: record.isDraft }, new Map());
  }

  /** Takes out a record that is about to be removed, and leaves it out until it is let go. */
  holdRecord(folder: string): void {
    this.own.holdRecord(folder);
    const known = this.packages.folders.get(folder);
    if (known === undefined) return;
    this.own.wroteFolder(folder);
    this.packages.applyFolder(known, NO_RECORD, new Map());
  }

  releaseRecord(folder: string): void {
    this.own.wroteFolder(folder);
    this.own.releaseRecord(folder);
  }

  /** Moves all that is known of a release to another folder, to which we moved the directory. */
  async moveFolder(from: string, to: string, record: ReleaseRecord): Promise<void> {
    const changes = new Map<string, IndexEntry>();
    for (const { name, size, createdAt, sha256 } of this.releaseIn(from).packages) {
      const entry = this.get(name);
      if (entry === undefined) continue;
      const moved = `${to}/${name.slice(from.length + 1)}`;
      const { fingerprint } = entry;
      changes.set(moved, { fingerprint, package: describe(moved, size, createdAt, sha256, fingerprint) });
      if (sha256 !== undefined) void this.metadata.save(moved, fingerprint, sha256);
    }
    const fingerprint = await this.files.recordFingerprint(to);
    for (const folder of [from, to]) this.own.wroteFolder(folder);
    this.directory.forgetFolder(from);
    const known = this.packages.folders.enter(to);
    this.packages.applyFolder(known, { record, fingerprint, isHidden: record.isDraft }, changes);
    await this.directory.examineFolder(to);
  }

  /**
   * Takes packages out, and a release of which it is told, all at once; until they are let go of with {@link release} no
   * look at the directory brings them back.
   */
  hold(names: readonly string[], folder?: string): void {
    for (const name of names) this.own.hold(name);
    if (folder !== undefined) {
      this.own.hold(folder);
      this.directory.forgetFolder(folder);
    }
    this.packages.takeOut(names);
  }

  release(names: readonly string[], folder?: string): void {
    for (const name of names) {
      this.own.wrote(name);
      this.own.release(name);
    }
    if (folder === undefined) return;
    this.own.wroteFolder(folder);
    this.own.release(folder);
  }

  /** Enters what we had taken out and have put back: of the file only the ctime is another. */
  async reenter({ package: { name, size, createdAt, sha256 }, fingerprint }: IndexEntry): Promise<void> {
    const now = await this.fingerprintAt(name);
    if (now === undefined || !isMoved(fingerprint, now)) {
      await this.recheck(name);
      return;
    }
    this.put({ fingerprint: now, package: describe(name, size, createdAt, sha256, now) });
    if (sha256 !== undefined) await this.metadata.save(name, now, sha256);
  }

  /** The fingerprint of the regular file under a name, now. */
  async fingerprintAt(name: string): Promise<string | undefined> {
    return (await this.files.file(name))?.fingerprint;
  }

  /** Looks at one file again, now. For callers that found it to be other than the index says. */
  async recheck(name: string): Promise<void> {
    await this.directory.examineFile(name);
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
    return this.directory.isUnsettled(name);
  }

  /** The package that lies under a name now, listed or not. */
  async peek(name: string): Promise<Package | undefined> {
    const file = await this.files.file(name);
    if (file === undefined) return undefined;
    const { size, createdAt, fingerprint } = file;
    return describe(name, size, createdAt, await this.metadata.load(name, fingerprint), fingerprint);
  }

  private async look(): Promise<void> {
    const began = performance.now();
    this.lookedAt = began;
    await this.directory.look();
    await this.metadata.trim(this.packages.size, (name) => this.packages.has(name));
    const duration = performance.now() - began;
    this.trustedUntil = began + Math.min(LONGEST_TRUST_MS, Math.max(TRUST_MS, TRUST_FACTOR * duration));
  }
}
