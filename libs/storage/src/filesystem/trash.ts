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
import { ReleaseRemoval } from './release-removal.js';
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
  async withdraw(evict: Evict, context: EvictionContext): Promise<readonly Withdrawn[]> {
    const find = (name: string): Package | undefined => this.index.visible(name)?.package;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const chosen = evict(this.index.list(), { ...context, find }).filter(
        ({ package: { name } }) => !context.incoming.some((one) => one.name === name),
      );
      if (chosen.length === 0) return [];
      const withdrawn = await this.withdrawAll(chosen);
      if (withdrawn.length === chosen.length) return withdrawn;
    }
    throw new StorageError(
      'storage_failed',
      'The directory changes too fast to apply retention; nothing was changed, try again.',
    );
  }

  async reinstate(withdrawn: readonly Withdrawn[]): Promise<void> {
    for (const { entry, path, record } of withdrawn) {
      await putBack(this.layout, path, entry.package.name);
      if (record !== undefined) {
        await putBack(this.layout, record.path, `${record.folder}/${RECORD}`);
        await this.index.enterRecord(record.folder, record.record);
      }
      await this.index.reenter(entry);
    }
  }

  /** Makes the withdrawal final. To be called when what it made room for is durable. */
  async empty(withdrawn: readonly Withdrawn[]): Promise<void> {
    await Promise.all(
      withdrawn.map(async ({ path, record }) => {
        await dropWithdrawn(path);
        if (record !== undefined) await dropWithdrawn(record.path);
      }),
    );
    for (const { entry } of withdrawn) await this.folders.removeIfUnused(entry.package.name);
  }

  /** A removal of a release, to be filled. */
  removal(): ReleaseRemoval {
    return new ReleaseRemoval(this.layout, this.owner.tag, this.sequence++);
  }

  /**
   * Withdraws them one by one, and ends at the first that is not what it was; then all are back, and all are looked at again, for
   * a chown or a backup by hard links changes every file.
   */
  private async withdrawAll(chosen: readonly Eviction[]): Promise<readonly Withdrawn[]> {
    const entries = chosen.map(({ package: { name } }) => this.index.visible(name));
    const names = chosen.map(({ package: { name } }) => name);
    const withdrawn: Withdrawn[] = [];
    this.index.hold(names);
    try {
      for (const [at, eviction] of chosen.entries()) {
        const taken = await this.withdrawOne(eviction, entries[at]);
        if (taken === undefined) break;
        withdrawn.push(taken);
      }
    } finally {
      this.index.release(names);
      if (withdrawn.length < chosen.length) {
        for (const entry of entries) if (entry !== undefined) this.index.put(entry);
        await this.reinstate(withdrawn);
        for (const name of names) await this.index.recheck(name);
      }
    }
    return withdrawn;
  }

  private async withdrawOne(
    eviction: Eviction,
    entry: IndexEntry | undefined,
  ): Promise<Withdrawn | undefined> {
    if (entry === undefined) return undefined;
    const { name } = entry.package;
    const sequence = this.sequence++;
    if (!(await isRevision(this.layout.package(name), entry))) return undefined;
    const path = await withdraw(this.layout, name, this.owner.tag, sequence);
    if (path === undefined) return undefined;
    // Replaced by another process between the look and the rename: that revision is newer and stays.
    if (!isMoved(entry.fingerprint, fingerprintOf(await lstat(path, { bigint: true })))) {
      await putBack(this.layout, path, name);
      return undefined;
    }
    const record =
      eviction.endsRelease === undefined ? undefined : await this.withdrawRecord(eviction.endsRelease);
    return { eviction: { ...eviction, package: entry.package }, entry, path, ...(record && { record }) };
  }

  private async withdrawRecord(tag: string): Promise<Withdrawn['record']> {
    const folder = folderOf(tag);
    const { record } = this.index.releaseIn(folder);
    if (record === undefined) return undefined;
    const path = await withdraw(this.layout, `${folder}/${RECORD}`, this.owner.tag, this.sequence++);
    if (path === undefined) return undefined;
    this.index.deleteRecord(folder);
    return { folder, record, path };
  }
}
