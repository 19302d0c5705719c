import { buffer } from 'node:stream/consumers';

import { LRUCache } from 'lru-cache';

import { releaseChunk } from '../chunk-memory.js';
import type { OpenPackage, Package } from '../package-reader.js';
import { StorageError } from '../storage.errors.js';
import type { Bucket } from './bucket.js';
import { statusOf } from './failure.js';
import type { Entry } from './index-document.js';

/** Blobs of at most so many bytes are kept in memory once they are read, up to the total. */
const CACHED_BLOB_BYTES = 128 * 1024;
const CACHE_BYTES = 32 * 1024 * 1024;
/** Times that a download goes on where the store broke it off, without a byte in between. */
const MOST_RESUMPTIONS = 3;

/** Opens packages for reading: a key never gets other bytes, so that what is read once stays right. */
export class BlobReader {
  private readonly contents = new LRUCache<string, Promise<Buffer>>({
    maxSize: CACHE_BYTES,
    sizeCalculation: () => CACHED_BLOB_BYTES,
  });

  constructor(
    private readonly bucket: Bucket,
    private readonly presignExpires: number | undefined,
  ) {}

  open(opened: Package, { key }: Entry): OpenPackage {
    return {
      package: opened,
      read: (start = 0, end = opened.size - 1) => this.read(opened, key, start, end),
      close: () => Promise.resolve(),
      redirect:
        this.presignExpires === undefined
          ? undefined
          : (disposition) => this.bucket.presign(key, disposition, this.presignExpires ?? 0),
    };
  }

  private async *read(opened: Package, key: string, start: number, end: number): AsyncGenerator<Uint8Array> {
    if (end < start) return;
    if (end >= opened.size)
      throw new StorageError('storage_failed', `${opened.name} has ${opened.size} bytes only.`);
    if (opened.size <= CACHED_BLOB_BYTES) {
      yield (await this.whole(opened, key)).subarray(start, end + 1);
      return;
    }
    for await (const chunk of this.stream(opened, key, start, end)) {
      yield chunk;
      // Whoever asks for the next has done with this one.
      releaseChunk(chunk);
    }
  }

  /** From the store, going on where it broke off. */
  private async *stream(
    { name }: Package,
    key: string,
    start: number,
    end: number,
  ): AsyncGenerator<Uint8Array> {
    let position = start;
    for (let failures = 0; position <= end;) {
      try {
        for await (const chunk of await this.bucket.read(key, position, end)) {
          // A store may answer with the whole where a part was asked for.
          const wanted = (chunk as Uint8Array).subarray(0, end + 1 - position);
          position += wanted.length;
          failures = 0;
          yield wanted;
          if (wanted.length < (chunk as Uint8Array).length) return;
        }
        if (position <= end) throw new Error('the store ended the answer too soon');
      } catch (error) {
        // What the store failed to begin with was tried again already, so that this is known soon.
        const isFinal = statusOf(error) === 404 || (position === start && error instanceof StorageError);
        if (isFinal || ++failures > MOST_RESUMPTIONS) throw unreadable(name, error);
      }
    }
  }

  private whole(opened: Package, key: string): Promise<Buffer> {
    const cached = this.contents.get(key);
    if (cached !== undefined) return cached;
    const reading = this.download(opened, key);
    this.contents.set(key, reading);
    reading.catch(() => this.contents.delete(key));
    return reading;
  }

  private async download(opened: Package, key: string): Promise<Buffer> {
    return buffer(this.stream(opened, key, 0, opened.size - 1));
  }
}

/** Its cause tells whether the blob is gone (404), as it is some time after its package. */
function unreadable(name: string, cause: unknown): StorageError {
  return new StorageError(
    'storage_unavailable',
    `The object store did not give the bytes of ${name}; try again.`,
    { cause },
  );
}
