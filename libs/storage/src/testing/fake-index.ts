import type { Change } from '../s3/index-changes.js';
import { IndexDocument } from '../s3/index-document.js';
import type { IndexVersion } from '../s3/index-object.js';
import { StorageError } from '../storage.errors.js';

/** What becomes of a write, and what its writer hears of it. */
export type Write = 'done' | 'done, answer lost' | 'not done, answer lost' | 'somebody was faster';

/** The index of a bucket in memory, on a store that behaves as told. */
export class FakeIndex {
  latest: IndexVersion = { index: IndexDocument.EMPTY, etag: '0' };
  /** What is seen without asking again. */
  seen: IndexVersion = this.latest;
  /** What becomes of the writes to come; then all are done. */
  writes: Write[] = [];
  readonly written: IndexDocument[] = [];
  reads = 0;

  recent(): Promise<IndexVersion> {
    return Promise.resolve(this.seen);
  }

  fresh(): Promise<IndexVersion> {
    this.reads++;
    this.seen = this.latest;
    return Promise.resolve(this.seen);
  }

  async replace({ index, etag }: IndexVersion, next: IndexDocument): Promise<boolean> {
    await new Promise(setImmediate);
    const write = this.writes.shift() ?? 'done';
    if (write === 'not done, answer lost') throw unavailable();
    if (write === 'somebody was faster' || etag !== this.latest.etag) return false;
    const seq = index.seq + 1;
    this.latest = { index: next.with({ seq }), etag: String(seq) };
    this.written.push(this.latest.index);
    if (write === 'done, answer lost') throw unavailable();
    this.seen = this.latest;
    return true;
  }

  /** As another replica does it. */
  async elsewhere(change: Change<unknown>): Promise<void> {
    const { seen } = this;
    const { next } = change.apply(this.latest.index, 1);
    if (next !== undefined) await this.replace(this.latest, next);
    this.seen = seen;
  }
}

/** As it is stored. */
export function textOf(index: IndexDocument): string {
  return Buffer.concat(index.serialize()).toString();
}

function unavailable(): StorageError {
  return new StorageError('storage_unavailable', 'The store does not answer.');
}
