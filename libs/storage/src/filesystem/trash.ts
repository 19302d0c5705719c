import { lstat } from 'node:fs/promises';

import type { Evict, Eviction, EvictionContext } from '../eviction.js';
import type { Package } from '../package-reader.js';
import type { Owner } from '../staging/owner.js';
import { StorageError } from '../storage.errors.js';
import { fingerprintOf, isMoved } from './fingerprint.js';
import type { Layout } from './layout.js';
import type { PackageIndex } from './package-index.js';
import type { IndexEntry } from './package-table.js';
import { isRevision } from './reader.js';
import { dropWithdrawn, putBack, withdraw } from './withdrawal.js';

/** Times that a choice is made again because somebody else changed the directory under it. */
const ATTEMPTS = 5;

/** A package on its way out, and where it lies until that is final. */
export interface Withdrawn {
  readonly eviction: Eviction;
  readonly entry: IndexEntry;
  readonly path: string;
}

/** Takes packages out in a way that can be undone, by us after a failed publish or by a start after a crash. */
export class Trash {
  private sequence = 0;

  constructor(
    private readonly layout: Layout,
    private readonly owner: Owner,
    private readonly index: PackageIndex,
  ) {}

  /**
   * Withdraws what `evict` chooses. A candidate that is no longer the revision on which the choice was made,
   * say because somebody touched it, makes the choice void: it is made again on what is there now.
   */
  async withdraw(evict: Evict, context: EvictionContext): Promise<readonly Withdrawn[]> {
    const find = (name: string): Package | undefined => this.index.get(name)?.package;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const withdrawn: Withdrawn[] = [];
      const chosen = evict(this.index.list(), { ...context, find }).filter(
        ({ package: { name } }) => !context.incoming.some((one) => one.name === name),
      );
      try {
        for (const eviction of chosen) {
          const taken = await this.withdrawOne(eviction);
          if (taken === undefined) break;
          withdrawn.push(taken);
        }
      } catch (error) {
        await this.reinstate(withdrawn);
        throw error;
      }
      if (withdrawn.length === chosen.length) return withdrawn;
      await this.reinstate(withdrawn);
      // All at once, for a chown or a backup by hard links changes every file.
      for (const one of chosen) await this.index.recheck(one.package.name);
    }
    throw new StorageError(
      'storage_failed',
      'The directory changes too fast to apply retention; nothing was changed, try again.',
    );
  }

  async reinstate(withdrawn: readonly Withdrawn[]): Promise<void> {
    for (const { entry, path } of withdrawn) {
      await putBack(path, this.layout.package(entry.package.name));
      await this.index.reenter(entry);
    }
  }

  /** Makes the withdrawal final. To be called when what it made room for is durable. */
  async empty(withdrawn: readonly Withdrawn[]): Promise<void> {
    await Promise.all(withdrawn.map(({ path }) => dropWithdrawn(path)));
  }

  private async withdrawOne({ package: { name }, reason }: Eviction): Promise<Withdrawn | undefined> {
    const entry = this.index.get(name);
    if (entry === undefined) return undefined;
    const home = this.layout.package(name);
    const sequence = this.sequence++;
    if (!(await isRevision(home, entry))) return undefined;
    const path = await withdraw(this.layout, name, this.owner.tag, sequence);
    if (path === undefined) return undefined;
    // Replaced by another process between the look and the rename: that revision is newer and stays.
    if (!isMoved(entry.fingerprint, fingerprintOf(await lstat(path, { bigint: true })))) {
      await putBack(path, home);
      return undefined;
    }
    this.index.delete(name);
    return { eviction: { package: entry.package, reason }, entry, path };
  }
}
