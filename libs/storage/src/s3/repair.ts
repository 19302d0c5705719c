import { newestFirst } from '../newest-first.js';
import { folderTagOf } from '../package-name.js';
import { StorageError } from '../storage.errors.js';
import { newestOfEachName, readBlobs, tagsOfLostDrafts, type LeftOut } from './blobs.js';
import { Bucket } from './bucket.js';
import { IndexDocument, packageOf, readIndex, type Entry, type StoredRecord } from './index-document.js';
import { ObjectKeys } from './object-keys.js';
import type { S3Options } from './s3.options.js';

/** A package as the rebuilt index would list it. */
export interface RepairedPackage extends Entry {
  readonly name: string;
}

/** The index that can be made of the blobs. */
export interface RepairPlan {
  /** The index that is there: one that a server can read, something else, or none. */
  readonly existing: 'readable' | 'unreadable' | 'missing';
  /** Newest first, then by name. */
  readonly packages: readonly RepairedPackage[];
  /** By tag. */
  readonly records: readonly StoredRecord[];
  /** By key. */
  readonly leftOut: readonly LeftOut[];
}

/** Rebuilds the index of a bucket that has lost it, from the metadata of the blobs. */
export class S3IndexRepair {
  /** Where the index lies, for people. */
  readonly address: string;
  private readonly keys: ObjectKeys;
  /** The object that was there when the plan was made, and the `seq` that it had. */
  private found: { readonly etag: string; readonly seq: number } | undefined;

  private constructor(
    options: S3Options,
    private readonly bucket: Bucket,
  ) {
    this.keys = new ObjectKeys(options.prefix);
    this.address = `s3://${options.bucket}/${this.keys.index}`;
  }

  static async open(options: S3Options): Promise<S3IndexRepair> {
    const repair = new S3IndexRepair(options, await Bucket.connect(options));
    try {
      await repair.bucket.check();
      return repair;
    } catch (error) {
      repair.close();
      throw error;
    }
  }

  /** Changes nothing. `verify` reads every blob and leaves out those whose bytes are others than they were. */
  async plan({ verify }: { readonly verify: boolean }): Promise<RepairPlan> {
    // First, so that an index that appears meanwhile makes the write fail.
    const existing = await this.look();
    const { blobs, records, leftOut } = await readBlobs(this.bucket, this.keys, verify);
    const { newest, leftOut: older } = newestOfEachName(blobs);
    const hidden = Array.from(tagsOfLostDrafts(newest, records), (tag): StoredRecord => {
      const at = Math.min(...newest.filter((one) => folderTagOf(one) === tag).map((one) => one.at));
      return { key: this.keys.newRecord(), record: { tag, isDraft: true, createdAt: at, updatedAt: at } };
    });
    return {
      records: [...records, ...hidden].toSorted((a, b) => (a.record.tag < b.record.tag ? -1 : 1)),
      existing,
      packages: newest.toSorted((a, b) => newestFirst(packageOf(a.name, a), packageOf(b.name, b))),
      leftOut: [...leftOut, ...older].toSorted((a, b) => (a.key < b.key ? -1 : 1)),
    };
  }

  /**
   * Writes the planned index in the place of the one that was there when the plan was made. Rejects with
   * `precondition_failed` when a readable one is there and `replace` is not set, or when somebody wrote another meanwhile.
   */
  async write(
    { existing, packages, records }: RepairPlan,
    { replace }: { readonly replace: boolean },
  ): Promise<void> {
    if (existing === 'readable' && !replace) {
      throw new StorageError('precondition_failed', `${this.address} exists and can be read.`);
    }
    const entries = packages.map(
      ({ name, key, size, sha256, at }) => [name, { key, size, sha256, at }] as const,
    );
    const last = packages.reduce((latest, { at }) => Math.max(latest, at), 0);
    // Higher than whatever the lost one had, or replicas that run on would take the new one for an older version.
    const seq = Math.max(Date.now(), (this.found?.seq ?? 0) + 1);
    const releases = {
      since: 0,
      records: new Map(records.map((stored) => [stored.record.tag, stored])),
      garbage: [],
    };
    const body = new IndexDocument(seq, last, new Map(entries), [], releases).serialize();
    const condition = this.found === undefined ? { ifNoneMatch: '*' as const } : { ifMatch: this.found.etag };
    if ((await this.bucket.put(this.keys.index, body, condition)) === undefined) {
      throw new StorageError(
        'precondition_failed',
        `Somebody else has written ${this.address} meanwhile; nothing was written.`,
      );
    }
  }

  close(): void {
    this.bucket.close();
  }

  private async look(): Promise<RepairPlan['existing']> {
    const answer = await this.bucket.get(this.keys.index);
    if (answer === 'missing' || answer === 'unchanged') {
      this.found = undefined;
      return 'missing';
    }
    const stored = readIndex(answer.body.toString(), this.keys);
    const seq = stored?.seq ?? 0;
    this.found = { etag: answer.etag, seq: Number.isSafeInteger(seq) ? seq : 0 };
    return stored === undefined || stored.flaw !== undefined ? 'unreadable' : 'readable';
  }
}
