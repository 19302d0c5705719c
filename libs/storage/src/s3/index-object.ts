import { StorageError } from '../storage.errors.js';
import { IndexDocument } from './index-document.js';
import type { Bucket } from './bucket.js';

/** Milliseconds for which a version is taken for the latest. */
const TRUST = 1000;
/** Milliseconds for which lists go on from the version last seen while the store does not answer. */
const STALE = 60_000;

/** One version of the index, and by what to replace exactly it. */
export interface IndexVersion {
  readonly index: IndexDocument;
  readonly etag: string;
}

interface Seen extends IndexVersion {
  /** When it was asked for, by `performance.now()`. */
  at: number;
}

/** The index as this replica sees it: asked for at most once at a time, and never an older version than before. */
export class IndexObject {
  private seen: Seen | undefined;
  private running: Promise<IndexVersion> | undefined;
  private next: Promise<IndexVersion> | undefined;

  constructor(
    private readonly bucket: Bucket,
    private readonly key: string,
  ) {}

  /** A version that was the latest within the last second; while the store is away, one of the last minute. */
  async recent(): Promise<IndexVersion> {
    const { seen } = this;
    if (seen !== undefined && performance.now() - seen.at < TRUST) return seen;
    try {
      return await (this.running ?? this.ask());
    } catch (error) {
      if (seen !== undefined && performance.now() - seen.at < STALE) return seen;
      throw error;
    }
  }

  /** A version that was asked for after this call, which many share. */
  fresh(): Promise<IndexVersion> {
    if (this.running === undefined) return this.ask();
    this.next ??= this.running
      .catch(() => undefined)
      .then(() => {
        this.next = undefined;
        return this.ask();
      });
    return this.next;
  }

  /** Writes the version that follows that one; false when that is no longer the latest. */
  async replace({ index, etag }: IndexVersion, next: IndexDocument): Promise<boolean> {
    const at = performance.now();
    const following = next.with({ seq: index.seq + 1 });
    const written = await this.bucket.put(this.key, Buffer.from(following.serialize()), { ifMatch: etag });
    if (written === undefined) return false;
    this.adopt({ index: following, etag: written, at });
    return true;
  }

  async exists(): Promise<boolean> {
    return (await this.bucket.get(this.key)) !== 'missing';
  }

  /** Writes the first version; false when there is one. */
  async create(): Promise<boolean> {
    const body = Buffer.from(IndexDocument.EMPTY.serialize());
    return (await this.bucket.put(this.key, body, { ifNoneMatch: '*' })) !== undefined;
  }

  private ask(): Promise<IndexVersion> {
    this.running = this.read().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  private async read(): Promise<IndexVersion> {
    const at = performance.now();
    const answer = await this.bucket.get(this.key, this.seen?.etag);
    if (answer === 'missing') {
      throw new StorageError(
        'storage_failed',
        `The index ${this.key} is missing. The first server that may write makes it; if it was there, see "Repair the index" in docs/storage.md.`,
      );
    }
    if (answer !== 'unchanged') {
      this.adopt({ index: IndexDocument.parse(answer.body.toString()), etag: answer.etag, at });
    } else if (this.seen !== undefined) {
      this.seen.at = Math.max(this.seen.at, at);
    }
    if (this.seen === undefined) throw new Error('unreachable: no version was asked for conditionally');
    return this.seen;
  }

  private adopt(version: Seen): void {
    if (this.seen === undefined || version.index.seq > this.seen.index.seq) this.seen = version;
  }
}
