import { lstat, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { alreadyExists, assertFileName, nameOccupied, notFound } from '../conditions.js';
import { unless } from '../errno.js';
import { fileOf, nameInRelease } from '../package-name.js';
import type { Package } from '../package-reader.js';
import type {
  PackageCheck,
  ReleaseChange,
  ReleaseRemoval,
  ReleaseState,
  RemovedRelease,
  SavedRelease,
  SaveReleaseOptions,
} from '../package-store.js';
import { flawOfRecord } from '../record-validation.js';
import type { ReleaseRecord } from '../release-record.js';
import { assertReleaseTag, folderOf } from '../release-tag.js';
import type { Owner } from '../staging/owner.js';
import { StorageError } from '../storage.errors.js';
import { fingerprintOf } from './fingerprint.js';
import { folderIn } from './folders.js';
import type { Layout } from './layout.js';
import type { MetadataCache } from './metadata-cache.js';
import type { PackageIndex } from './package-index.js';
import { describe } from './package-table.js';
import { holderOf, type Placement } from './placement.js';
import { writeRecord } from './record-file.js';
import type { ReleaseFolders } from './release-folders.js';
import type { Removal } from './removal.js';
import { Withdrawal, type Trash } from './trash.js';

/** A saved release that is not durable yet. */
export interface TakenRelease {
  readonly result: SavedRelease;
  readonly withdrawal: Withdrawal;
  /** The folder that has the record. */
  readonly folder: string;
  /** Whether the root has to be synced as well. */
  readonly isRootChanged: boolean;
}

/** The steps that change a release as a whole: all of it, or nothing. One at a time. */
export class ReleaseStep {
  private sequence = 0;

  constructor(
    private readonly layout: Layout,
    private readonly owner: Owner,
    private readonly metadata: MetadataCache,
    private readonly index: PackageIndex,
    private readonly placement: Placement,
    private readonly trash: Trash,
    private readonly folders: ReleaseFolders,
  ) {}

  /**
   * Stores the record that `change` makes. The rename of its file is what shows or hides the packages in the folder; what
   * leaves for them is withdrawn before it, and put back when it fails.
   */
  async save(
    tag: string,
    change: ReleaseChange,
    { evict }: SaveReleaseOptions,
  ): Promise<TakenRelease | SavedRelease> {
    const folder = folderOf(tag);
    const state = await this.stateOf(tag);
    const { record: before, packages, now } = state;
    const isHidden = this.index.hides(`${folder}/`);
    const made = change(state);
    if (made === before) return { record: made, before, published: [], evicted: [] };
    const record = Object.freeze({ ...made });
    this.assertRecord(record);
    const target = folderOf(record.tag);
    if (target !== folder) await this.assertFree(record.tag);

    const draft = join(this.layout.incoming, `${this.owner.tag}~record-${this.sequence++}`);
    let withdrawal = Withdrawal.NONE;
    let [isNew, isMoved] = [false, false];
    const published = isHidden && !record.isDraft ? packages : [];
    try {
      await writeRecord(draft, record);
      isNew = await this.folders.make(folder);
      if (published.length > 0) {
        const incoming = published.map((one) => ({
          name: nameInRelease(record.tag, fileOf(one)),
          size: one.size,
          createdAt: one.createdAt,
        }));
        const releases = new Map([...state.snapshot.releases].filter(([other]) => other !== tag));
        releases.set(record.tag, record);
        withdrawal = await this.trash.withdraw(evict, { incoming, releases, now });
      }
      if (target !== folder) {
        await rename(this.layout.folder(folder), this.layout.folder(target));
        isMoved = true;
      }
      await rename(draft, this.layout.record(target));
    } catch (error) {
      if (isMoved) await rename(this.layout.folder(target), this.layout.folder(folder));
      await this.trash.reinstate(withdrawal);
      await rm(draft, { force: true });
      if (isNew) await this.folders.removeIfUnused(`${folder}/`);
      throw error;
    }
    if (isMoved) await this.index.moveFolder(folder, target, record);
    else await this.index.enterRecord(folder, record);
    const shown = isMoved && published.length > 0 ? this.index.releaseIn(target).packages : published;
    const result = { record, before, published: shown, evicted: withdrawal.evictions };
    return { result, withdrawal, folder: target, isRootChanged: isNew || isMoved };
  }

  /** Takes out a release with what `also` chooses. To be decided, or undone. */
  async remove(
    tag: string,
    also: ReleaseRemoval,
  ): Promise<{
    result: RemovedRelease;
    removal: Removal;
    release: () => void;
    undo: () => Promise<void>;
  }> {
    const state = await this.stateOf(tag);
    const inFolder = new Set(state.packages);
    const others = also(state).filter((one) => !inFolder.has(one));
    const folder = folderOf(tag);
    const hasFolder = await unless(['ENOENT', 'ENOTDIR'], () => lstat(this.layout.record(folder))).then(
      (hasRecord) => hasRecord || state.packages.length > 0,
    );
    const packages = [...state.packages, ...others];
    const names = packages.map(({ name }) => name);
    const held = hasFolder ? folder : undefined;
    const removal = this.trash.removal();
    const entries = names.flatMap((name) => this.index.get(name) ?? []);
    this.index.hold(names, held);
    const recheck = async (): Promise<void> => {
      this.index.release(names, held);
      if (held !== undefined) await this.index.enterFolder(held);
      for (const entry of entries) await this.index.reenter(entry);
    };
    try {
      await removal.take(
        held,
        others.map(({ name }) => name),
      );
    } catch (error) {
      await recheck();
      throw error;
    }
    return {
      result: { record: state.record, packages },
      removal,
      release: () => this.index.release(names, held),
      undo: async () => {
        await removal.undo(held);
        await recheck();
      },
    };
  }

  /** Gives a package another file name, and tells of it. */
  async rename(name: string, file: string, check: PackageCheck | undefined): Promise<Package> {
    assertFileName(file);
    await this.index.refresh();
    const existing = await this.index.decidingOn(name, 'present');
    const before = this.index.get(name);
    if (existing === undefined || before === undefined) throw notFound(name);
    check?.(this.index.hides(name));
    const folder = folderIn(name);
    const to = folder === undefined ? file : `${folder}/${file}`;
    const target = this.layout.package(to);
    if (!(await this.placement.create(this.layout.package(name), target))) {
      const holder = await holderOf(target);
      if (holder !== undefined && holder !== 'a file') throw nameOccupied(to, holder);
      throw alreadyExists(to, await this.index.peek(to));
    }
    const fingerprint = fingerprintOf(await lstat(target, { bigint: true }));
    const { size, createdAt, sha256 } = existing;
    if (sha256 !== undefined) await this.metadata.save(to, fingerprint, sha256);
    const renamed = describe(to, size, createdAt, sha256, fingerprint);
    this.index.delete(name);
    this.index.put({ package: renamed, fingerprint });
    this.metadata.forget(name);
    return renamed;
  }

  private async stateOf(tag: string): Promise<ReleaseState> {
    await this.index.refresh();
    const folder = folderOf(tag);
    await this.index.enterFolder(folder);
    const snapshot = this.index.snapshot();
    return { ...this.index.releaseIn(folder), snapshot, now: Date.now() };
  }

  private assertRecord(record: ReleaseRecord): void {
    assertReleaseTag(record.tag);
    const flaw = flawOfRecord(record.tag, record);
    if (flaw !== undefined) throw new Error(`The record of a release that was to be stored is none: ${flaw}`);
  }

  private async assertFree(tag: string): Promise<void> {
    const folder = folderOf(tag);
    await this.index.enterFolder(folder);
    const { record, packages } = this.index.releaseIn(folder);
    if (record !== undefined || packages.length > 0) {
      throw new StorageError('release_exists', `There is a release ${tag} already.`);
    }
    const holder = await holderOf(this.layout.folder(folder));
    if (holder === 'a directory') await this.folders.removeIfUnused(`${folder}/`);
    else if (holder !== undefined) throw nameOccupied(folder, holder);
  }
}
