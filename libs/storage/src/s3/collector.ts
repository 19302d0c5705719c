import { Logger } from '@nestjs/common';

import type { Bucket } from './bucket.js';
import type { Committer } from './committer.js';
import { condemning, forgetting, type Orphan } from './index-changes.js';
import type { IndexObject } from './index-object.js';
import { fileIn, type ObjectKeys } from './object-keys.js';

/** Milliseconds after which a blob that no index has is nobody's any more. */
const ORPHANED_AFTER_MS = 24 * 60 * 60 * 1000;
/**
 * Milliseconds for which a blob is remembered at least after it left: longer than a publish is tried, so that none can
 * bring back a key whose bytes are gone.
 */
const REMEMBERED_MS = 2 * 60 * 1000;
/** Most milliseconds between two collections, and rounds of collection between two looks for orphans. */
const INTERVAL_MS = 10 * 60 * 1000;
const ORPHANS_EVERY_ROUNDS = 36;

/** Deletes what no package needs any more: any replica does, none has to, and what fails is done the next time. */
export class Collector {
  private readonly logger = new Logger('storage');
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private round = 0;
  /** Keys of blobs that are gone and still remembered as garbage. */
  private readonly deleted = new Set<string>();

  constructor(
    private readonly bucket: Bucket,
    private readonly index: IndexObject,
    private readonly committer: Committer,
    private readonly keys: ObjectKeys,
    private readonly grace: number,
  ) {}

  start(): void {
    const next = (): void => {
      // Apart from the other replicas.
      const pause = Math.min(INTERVAL_MS, this.grace) * (0.5 + Math.random());
      this.timer = setTimeout(() => {
        this.running = this.collect().finally(next);
      }, pause).unref();
    };
    next();
  }

  async stop(): Promise<void> {
    clearTimeout(this.timer);
    await this.running;
    clearTimeout(this.timer);
  }

  /** Deletes garbage that is old enough, and now and then looks for blobs that a crash has orphaned. */
  async collect(): Promise<void> {
    try {
      await this.deleteGarbage();
      if (this.round++ % ORPHANS_EVERY_ROUNDS === 0) await this.condemnOrphans();
    } catch (error) {
      this.logger.warn({ err: error }, 'collecting garbage failed, and is tried again later');
    }
  }

  private async deleteGarbage(): Promise<void> {
    const garbage = (await this.index.fresh()).index.allGarbage();
    const now = Date.now();
    for (const { key } of garbage.filter(({ since }) => since < now - this.grace)) {
      if (this.deleted.has(key)) continue;
      try {
        await this.bucket.delete(key);
        this.deleted.add(key);
      } catch (error) {
        this.logger.warn({ err: error }, `${key} could not be deleted, and is tried again later`);
      }
    }
    const remembered = now - Math.max(this.grace, REMEMBERED_MS);
    const over = garbage.filter(({ key, since }) => since < remembered && this.deleted.has(key));
    if (over.length > 0) await this.committer.commit(forgetting(new Set(over.map(({ key }) => key))));
    const left = new Set(garbage.map(({ key }) => key));
    for (const key of this.deleted) if (!left.has(key)) this.deleted.delete(key);
  }

  private async condemnOrphans(): Promise<void> {
    const end = Date.now() - ORPHANED_AFTER_MS;
    const { index } = await this.index.fresh();
    const known = index.keys();
    const blobs = await this.unknownBelow(this.keys.blobs, known, end);
    const ofReleases = await this.unknownBelow(this.keys.ofReleases, known, end);
    // What is older than all that this index says of releases may have been listed by one that was lost.
    const orphans = ofReleases.filter(({ modified }) => modified >= index.releases.since);
    const lost = ofReleases.length - orphans.length;
    if (lost > 0) {
      this.logger.warn(
        `the index does not list ${lost} blobs of releases that were there before it: a server of an older version may have ` +
          'left them out; see "Releases and older versions" in docs/storage.md',
      );
    }
    const condemned = blobs.length + orphans.length;
    if (condemned === 0) return;
    await this.committer.commit(condemning(blobs, orphans));
    this.logger.log(`${condemned} blobs that no package has are going to be deleted`);
  }

  /** The blobs that are older and not known. */
  private async unknownBelow(
    prefix: string,
    known: ReadonlySet<string>,
    end: number,
  ): Promise<(Orphan & { readonly modified: number })[]> {
    const blobs: (Orphan & { readonly modified: number })[] = [];
    for await (const { key, modified } of this.bucket.list(prefix)) {
      if (modified < end && !known.has(key)) blobs.push({ key, name: fileIn(key), modified });
    }
    return blobs;
  }
}
