import { lstat } from 'node:fs/promises';

import type { Evict, Eviction, EvictionContext } from '../eviction.js';
import type { Package } from '../package-reader.js';
import type { Owner } from '../staging/owner.js';
import { StorageError } from '../storage.errors.js';
import type { ReleaseRecord } from '../release-record.js';
import { folderOf } from '../release-tag.js';
import { fingerprintOf, isMoved } from './fingerprint.js';
import { RECORD, type Layout } from './layout.js';
import type { PackageIndex } from './package-index.js';
import type { IndexEntry } from './package-table.js';
import { isRevision } from './reader.js';
import type { ReleaseFolders } from './release-folders.js';
import { Removal } from './removal.js';
import { dropWithdrawn, putBack, withdraw } from './withdrawal.js';

/** Times that a choice is made again because somebody else changed the directory under it. */
const ATTEMPTS = 5;

/** A package on its way out, and where it lies until that is final. */
export interface Withdrawn {
  readonly eviction: Eviction;
  readonly entry: IndexEntry;
  readonly path: string;
  /** The record that leaves with the last package of a release. */
  readonly record?: { readonly folder: string; readonly record: ReleaseRecord; readonly path: string };
}

/** All that is on its way out for one reason. */
export class Withdrawal {
  static readonly NONE = new Withdrawal([]);

  /**
   * @param removal - What decides that all of them are gone, where there are several: a start puts back either all of them,
   * or none.
   */
  constructor(
    readonly packages: readonly Withdrawn[],
    readonly removal?: Removal,
  ) {}

  get evictions(): readonly Eviction[] {
    return this.packages.map(({ eviction }) => eviction);
  }
}

/** Takes packages out in a way that can be undone, by us after a failed publish or by a start after a crash. */
export class Trash {
  private sequence = 0;

  constructor(
    private readonly layout: Layout,
    private readonly owner: Owner,
    private readonly index: PackageIndex,
    private readonly folders: ReleaseFolders,
  ) {}

  /**
   * Withdraws what `evict` chooses, which leaves the index at once. A candidate that is no longer the revision on which the
   * choice was made, say because somebody touched it, makes the choice void: it is made again on what is there now.
   */
  async withdraw(evict: Evict, context: EvictionContext): Promise<Withdrawal> {
    const find = (name: string): Package | undefined => this.index.visible(name)?.package;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const snapshot = this.index.snapshot();
      const chosen = evict(snapshot.packages, { ...context, find, snapshot }).filter(
        ({ package: { name } }) => !context.incoming.some((one) => one.name === name),
      );
      if (chosen.length === 0) return Withdrawal.NONE;
      const withdrawal = await this.withdrawAll(chosen);
      if (withdrawal.packages.length === chosen.length) return withdrawal;
    }
    throw new StorageError(
      'storage_failed',
      'The directory changes too fast to apply retention; nothing was changed, try again.',
    );
  }

  async reinstate({ packages, removal }: Withdrawal): Promise<void> {
    for (const { entry, path, record } of packages) {
      await putBack(this.layout, path, entry.package.name);
      if (record !== undefined) {
        await putBack(this.layout, record.path, `${record.folder}/${RECORD}`);
        await this.index.enterRecord(record.folder, record.record);
      }
      await this.index.reenter(entry);
    }
    await removal?.end();
  }

  /** Makes the withdrawal final. To be called when what it made room for is durable. */
  async empty({ packages, removal }: Withdrawal, syncTrash: () => Promise<void>): Promise<void> {
    if (removal === undefined) {
      await Promise.all(packages.map(({ path }) => dropWithdrawn(path)));
    } else {
      await removal.decide();
      // Or a power cut could take some of them, and a start put the others back.
      await syncTrash();
      await removal.empty();
    }
    for (const { entry, record } of packages) {
      await this.folders.removeIfUnused(entry.package.name);
      if (record !== undefined) await this.folders.removeIfUnused(`${record.folder}/`);
    }
  }

  /** A removal of several things at once, to be filled. */
  removal(): Removal {
    return new Removal(this.layout, this.owner.tag, this.sequence++);
  }

  /**
   * Withdraws them one by one, and ends at the first that is not what it was; then all are back, and all are looked at again, for
   * a chown or a backup by hard links changes every file.
   */
  private async withdrawAll(chosen: readonly Eviction[]): Promise<Withdrawal> {
    const entries = chosen.map(({ package: { name } }) => this.index.visible(name));
    const names = chosen.map(({ package: { name } }) => name);
    const withdrawn: Withdrawn[] = [];
    const isOne = chosen.length === 1 && chosen[0]?.endsRelease === undefined;
    const removal = isOne ? undefined : this.removal();
    const withdrawal = new Withdrawal(withdrawn, removal);
    const records = this.recordsOf(chosen);
    this.index.hold(names);
    for (const folder of records.keys()) this.index.holdRecord(folder);
    try {
      await removal?.begin();
      for (const [at, eviction] of chosen.entries()) {
        const taken = await this.withdrawOne(eviction, entries[at], removal, records);
        if (taken === undefined) break;
        withdrawn.push(taken);
      }
    } finally {
      this.index.release(names);
      for (const folder of records.keys()) this.index.releaseRecord(folder);
      if (withdrawn.length < chosen.length) {
        for (const entry of entries) if (entry !== undefined) this.index.put(entry);
        await this.reinstate(withdrawal);
        for (const [folder, record] of records) await this.index.enterRecord(folder, record);
        for (const name of names) await this.index.recheck(name);
      }
    }
    return withdrawal;
  }

  /** The records that leave with the last packages of releases, by their folders. */
  private recordsOf(chosen: readonly Eviction[]): ReadonlyMap<string, ReleaseRecord> {
    const records = new Map<string, ReleaseRecord>();
    for (const { endsRelease } of chosen) {
      if (endsRelease === undefined) continue;
      const folder = folderOf(endsRelease);
      const { record } = this.index.releaseIn(folder);
      if (record !== undefined) records.set(folder, record);
    }
    return records;
  }

  private async withdrawOne(
    eviction: Eviction,
    entry: IndexEntry | undefined,
    removal: Removal | undefined,
    records: ReadonlyMap<string, ReleaseRecord>,
  ): Promise<Withdrawn | undefined> {
    if (entry === undefined) return undefined;
    const { name } = entry.package;
    if (!(await isRevision(this.layout.package(name), entry))) return undefined;
    const path = await this.move(name, removal);
    if (path === undefined) return undefined;
    let isTaken = false;
    try {
      // Replaced by another process between the look and the rename: that revision is newer and stays.
      if (!isMoved(entry.fingerprint, fingerprintOf(await lstat(path, { bigint: true })))) return undefined;
      const record = await this.withdrawRecord(eviction.endsRelease, removal, records);
      isTaken = true;
      return { eviction: { ...eviction, package: entry.package }, entry, path, ...(record && { record }) };
    } finally {
      if (!isTaken) await putBack(this.layout, path, name);
    }
  }

  private async withdrawRecord(
    tag: string | undefined,
    removal: Removal | undefined,
    records: ReadonlyMap<string, ReleaseRecord>,
  ): Promise<Withdrawn['record']> {
    if (tag === undefined) return undefined;
    const folder = folderOf(tag);
    const record = records.get(folder);
    if (record === undefined) return undefined;
    const path = await this.move(`${folder}/${RECORD}`, removal);
    return path === undefined ? undefined : { folder, record, path };
  }

  private async move(name: string, removal: Removal | undefined): Promise<string | undefined> {
    if (removal !== undefined) return removal.add(name);
    return withdraw(this.layout, name, this.owner.tag, this.sequence++);
  }
}
