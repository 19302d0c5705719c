import { Logger } from '@nestjs/common';

import { pause } from '../pause.js';
import { StorageError } from '../storage.errors.js';
import { IndexDocument } from './index-document.js';
import type { Bucket } from './bucket.js';
import type { ObjectKeys } from './object-keys.js';

/** Milliseconds for which a version is taken for the latest, counted from the request that brought it. */
const TRUST_MS = 1000;
/** Milliseconds for which reads are answered from the version last seen while the store does not answer. */
const STALE_MS = 30_000;
/** Times that an answer is asked for that cannot be read: it may have been cut on its way. */
const MOST_READS = 3;

/** One version of the index, and by what to replace exactly it. */
export interface IndexVersion {
  readonly index: IndexDocument;
  readonly etag: string;
}

interface Seen extends IndexVersion {
  /** A moment at or after which it was the latest, by `performance.now()`. */
  readonly at: number;
}

/** A request for the latest version, in flight. */
interface Asking {
  readonly began: number;
  readonly answer: Promise<IndexVersion>;
}

/**
 * The index as this replica sees it: never an older version than before. Readers share requests, by when these began: an
 * answer tells of no moment but those between its request and its arrival.
 */
export class IndexObject {
  private readonly logger = new Logger('storage');
  private seen: Seen | undefined;
  /** The request that began last, while it is in flight. */
  private asking: Asking | undefined;
  /** The request after that, for those who asked since it began. */
  private next: Promise<IndexVersion> | undefined;
  /** The store does not answer: since when, and the latest failure. By `performance.now()`. */
  private outage: { readonly since: number; readonly at: number; readonly error: StorageError } | undefined;

  constructor(
    private readonly bucket: Pick<Bucket, 'get' | 'put'>,
    private readonly keys: ObjectKeys,
  ) {}

  /** The version last seen, while it is taken for the latest without a look at the store. */
  get trusted(): IndexVersion | undefined {
    const { seen } = this;
    return seen !== undefined && performance.now() - seen.at < TRUST_MS ? seen : undefined;
  }

  /** A version that was the latest within the last second; while the store is away, one of the last half minute. */
  async recent(): Promise<IndexVersion> {
    const now = performance.now();
    const { trusted, asking, outage } = this;
    if (trusted !== undefined) return trusted;
    const answer = asking !== undefined && now - asking.began < TRUST_MS ? asking.answer : this.ask();
    try {
      if (outage === undefined || now - outage.at >= TRUST_MS) return await answer;
      // Nobody need wait to hear the same again; the answer ends the outage or goes on with it.
      answer.catch(() => undefined);
      throw outage.error;
    } catch (error) {
      if (isUnavailable(error) && this.seen !== undefined && this.age < STALE_MS) return this.seen;
      throw error;
    }
  }

  /** A version that was asked for after this call, which many share. */
  fresh(): Promise<IndexVersion> {
    if (this.asking === undefined) return this.ask();
    this.next ??= this.turnAfter(this.asking).then(() => {
      this.next = undefined;
      return this.ask();
    });
    return this.next;
  }

  /** Milliseconds since the version last seen was certainly the latest; 0 while it is trusted. */
  get age(): number {
    const age = performance.now() - (this.seen?.at ?? 0);
    return age < TRUST_MS ? 0 : age;
  }

  /** Writes the version that follows that one; false when that is no longer the latest. */
  async replace({ index, etag }: IndexVersion, next: IndexDocument): Promise<boolean> {
    const began = performance.now();
    const following = next.with({ seq: index.seq + 1 });
    const body = following.serialize();
    const written = await this.bucket.put(this.keys.index, body, { ifMatch: etag });
    if (written === undefined) return false;
    this.adopt({ index: following, etag: written }, began);
    return true;
  }

  async exists(): Promise<boolean> {
    return (await this.bucket.get(this.keys.index)) !== 'missing';
  }

  /** Writes the first version; false when there is one. */
  async create(): Promise<boolean> {
    const body = IndexDocument.EMPTY.serialize();
    return (await this.bucket.put(this.keys.index, body, { ifNoneMatch: '*' })) !== undefined;
  }

  private ask(): Promise<IndexVersion> {
    const began = performance.now();
    const answer = this.read(began).finally(() => {
      if (this.asking?.answer === answer) this.asking = undefined;
    });
    this.asking = { began, answer };
    return answer;
  }

  /** Requests do not pile up, and none that hangs keeps others waiting for long. */
  private async turnAfter({ began, answer }: Asking): Promise<void> {
    const patience = Math.max(0, TRUST_MS - (performance.now() - began));
    await Promise.race([answer.catch(() => undefined), pause(patience)]);
  }

  private async read(began: number): Promise<IndexVersion> {
    try {
      const version = await this.load();
      this.endOutage();
      return this.adopt(version ?? this.seen, began);
    } catch (error) {
      if (isUnavailable(error)) this.noteOutage(began, error);
      throw error;
    }
  }

  /** The version that is stored now, or undefined where it is the one last seen. */
  private async load(): Promise<IndexVersion | undefined> {
    for (let reads = 1; ; reads++) {
      const answer = await this.bucket.get(this.keys.index, this.seen?.etag);
      if (answer === 'unchanged') return undefined;
      if (answer === 'missing') {
        throw new StorageError(
          'storage_failed',
          `The index ${this.keys.index} is missing. The first server that may write makes it; if it was there, see "Repair the index" in docs/storage.md.`,
        );
      }
      try {
        return {
          index: IndexDocument.parse(answer.body.toString(), this.keys, this.seen?.index),
          etag: answer.etag,
        };
      } catch (error) {
        if (reads === MOST_READS) throw error;
      }
    }
  }

  /**
   * What is known after a version was seen that was the latest at some moment since `at`. Of an answer that was overtaken
   * the later version is known, and that came even later.
   */
  private adopt(version: IndexVersion | undefined, at: number): IndexVersion {
    const { seen } = this;
    const isNewer = seen === undefined || (version?.index.seq ?? 0) > seen.index.seq;
    const latest = isNewer ? version : seen;
    if (latest === undefined) throw new Error('unreachable: no version was asked for conditionally');
    this.seen = { index: latest.index, etag: latest.etag, at: Math.max(at, seen?.at ?? at) };
    return this.seen;
  }

  private noteOutage(began: number, error: StorageError): void {
    // Before the start there is nothing to go on from, and of a request that others overtook nothing follows.
    if (this.seen === undefined || this.seen.at > began) return;
    const at = performance.now();
    if (this.outage === undefined) {
      this.logger.warn(
        { err: error },
        `the object store does not answer: reads go on with what was last known for ${STALE_MS / 1000} s, and fail then`,
      );
    }
    this.outage = { since: this.outage?.since ?? began, at, error };
  }

  private endOutage(): void {
    if (this.outage === undefined) return;
    const seconds = Math.round((performance.now() - this.outage.since) / 1000);
    this.outage = undefined;
    this.logger.log(`the object store answers again, after ${seconds} s`);
  }
}

function isUnavailable(error: unknown): error is StorageError {
  return error instanceof StorageError && error.code === 'storage_unavailable';
}
