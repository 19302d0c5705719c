import { newestFirst } from '../newest-first.js';
import type { Package, StoreSnapshot } from '../package-reader.js';
import type { ReleaseRecord } from '../release-record.js';
import { Digester } from './digester.js';
import { Folders, type Folder } from './folders.js';
import type { Layout } from './layout.js';
import type { MetadataCache } from './metadata-cache.js';
import { describe, PackageTable, type IndexChanges, type IndexEntry } from './package-table.js';

/** What the record of a release says, and of which revision of its file. */
export interface RecordState {
  readonly record: ReleaseRecord | undefined;
  readonly fingerprint: string | undefined;
  /** Whether the packages of the release are hidden. */
  readonly isHidden: boolean;
}

/** Where no record lies in a folder. */
export const NO_RECORD: RecordState = { record: undefined, fingerprint: undefined, isHidden: false };

/** The packages and releases in memory. Digests that are not known are computed in the background. */
export class IndexedPackages {
  readonly folders = new Folders();
  private readonly shown = new PackageTable();
  /** Packages in the folders of drafts. */
  private readonly hidden = new PackageTable();
  private taken: StoreSnapshot | undefined;
  private readonly digester: Digester;

  constructor(
    private readonly layout: Layout,
    private readonly metadata: MetadataCache,
  ) {
    this.digester = new Digester((name, fingerprint, sha256) => {
      this.completeDigest(name, fingerprint, sha256);
    });
  }

  /** Resolves when no file is being hashed any more. */
  async close(): Promise<void> {
    await this.digester.close();
  }

  /** Of packages, hidden ones included. */
  get size(): number {
    return this.shown.size + this.hidden.size;
  }

  /** The latest publish time of all packages, 0 where there is none. */
  get latestTime(): number {
    return Math.max(this.shown.latestTime, this.hidden.latestTime);
  }

  /** The package of that name, be it that of a draft. */
  get(name: string): IndexEntry | undefined {
    return this.tableOf(name).get(name);
  }

  has(name: string): boolean {
    return this.shown.get(name) !== undefined || this.hidden.get(name) !== undefined;
  }

  /** Names of public packages. */
  names(): Iterable<string> {
    return this.shown.names();
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
    const isFlat = this.folders.isEmpty;
    const { taken } = this;
    if (
      taken?.packages === packages &&
      taken.drafts === drafts &&
      taken.releases === releases &&
      taken.isFlat === isFlat
    ) {
      return taken;
    }
    return (this.taken = Object.freeze({ packages, drafts, releases, isFlat }));
  }

  /** The record of the release of a folder, and the packages in it, newest first. */
  releaseIn(folder: string): { record: ReleaseRecord | undefined; packages: readonly Package[] } {
    const known = this.folders.get(folder);
    if (known === undefined) return { record: undefined, packages: [] };
    const packages = [...known.names].flatMap((name) => this.get(name)?.package ?? []);
    return { record: this.folders.records.get(known.tag), packages: packages.toSorted(newestFirst) };
  }

  put(entry: IndexEntry): void {
    this.folders.note(entry.package.name);
    this.tableOf(entry.package.name).set(entry);
    this.computeDigests([entry]);
  }

  delete(name: string): void {
    this.tableOf(name).delete(name);
  }

  /** Takes packages out in one step. */
  takeOut(names: Iterable<string>): void {
    const changes = withoutEntries(names);
    this.shown.apply(changes);
    this.hidden.apply(changes);
  }

  /** Enters what has become of packages, wherever they are. */
  apply(changes: IndexChanges): void {
    const hidden = new Map<string, IndexEntry | undefined>();
    const shown = new Map<string, IndexEntry | undefined>();
    for (const [name, entry] of changes) {
      (this.folders.hides(name) ? hidden : shown).set(name, entry);
      if (entry !== undefined) this.folders.note(name);
    }
    this.shown.apply(shown);
    this.hidden.apply(hidden);
    this.computeDigests(changes.values());
  }

  /** Enters in one step what has become of a folder's record, and of packages in the folder. */
  applyFolder(known: Folder, { record, fingerprint, isHidden }: RecordState, changes: IndexChanges): void {
    known.recordFingerprint = fingerprint;
    this.folders.setRecord(known, record);
    for (const [name, entry] of changes) if (entry !== undefined) known.names.add(name);
    const [from, to] = known.isHidden ? [this.hidden, this.shown] : [this.shown, this.hidden];
    if (known.isHidden !== isHidden) {
      const moving = new Map([...known.names].map((name) => [name, from.get(name)] as const));
      from.apply(withoutEntries(moving.keys()));
      to.apply(moving);
      known.isHidden = isHidden;
    }
    if (changes.size > 0) (isHidden ? this.hidden : this.shown).apply(changes);
    this.computeDigests(changes.values());
  }

  /** Takes a folder out with all that is in it. */
  deleteFolder(folder: string): void {
    const known = this.folders.get(folder);
    if (known === undefined) return;
    (known.isHidden ? this.hidden : this.shown).apply(withoutEntries(known.names));
    this.folders.delete(folder);
  }

  private tableOf(name: string): PackageTable {
    return this.folders.hides(name) ? this.hidden : this.shown;
  }

  private computeDigests(entries: Iterable<IndexEntry | undefined>): void {
    for (const entry of entries) {
      if (entry === undefined || entry.package.sha256 !== undefined) continue;
      const { name } = entry.package;
      this.digester.enqueue(name, entry.fingerprint, this.layout.package(name));
    }
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

function withoutEntries(names: Iterable<string>): IndexChanges {
  return new Map(Array.from(names, (name) => [name, undefined] as const));
}
