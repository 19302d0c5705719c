import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

import type { OpenPackage, Package } from '../package-reader.js';
import type { BufferPool } from '../staging/buffer-pool.js';
import { StorageError } from '../storage.errors.js';
import { fingerprintOf, isMoved } from './fingerprint.js';
import type { IndexEntry } from './package-table.js';

/** A revision pinned by its open descriptor: renaming or unlinking the file does not touch it. */
export class PinnedFile implements OpenPackage {
  private closing: Promise<void> | undefined;
  /** Of the file while its bytes are known to be those of the revision. */
  private soundFingerprint: string;

  readonly package: Package;

  constructor(
    private readonly entry: IndexEntry,
    private readonly file: FileHandle,
    private readonly buffers: BufferPool,
  ) {
    this.package = entry.package;
    this.soundFingerprint = entry.fingerprint;
  }

  close(): Promise<void> {
    return (this.closing ??= this.file.close());
  }

  /** Two buffers in turn: one is read into while the other is on its way to the reader. */
  async *read(start = 0, end = this.package.size - 1): AsyncGenerator<Uint8Array> {
    const lease = this.buffers.lease();
    let [front, back] = lease.pair;
    let position = start;
    let reading = position <= end ? this.fill(front, position, end) : undefined;
    try {
      while (reading !== undefined) {
        const filled = front.subarray(0, await reading);
        position += filled.length;
        reading = position <= end ? this.fill(back, position, end) : undefined;
        reading?.catch(() => undefined);
        // Before the last bytes are handed out, so that a reader that got other bytes than promised is never told they are whole.
        if (reading === undefined) await this.assertNotRewritten();
        yield filled;
        [front, back] = [back, front];
      }
    } finally {
      await reading?.catch(() => undefined);
      lease.release();
    }
  }

  private async assertNotRewritten(): Promise<void> {
    const now = fingerprintOf(await this.open().stat({ bigint: true }));
    if (now === this.soundFingerprint) return;
    if (isMoved(this.entry.fingerprint, now) && (await this.hasItsDigest())) {
      this.soundFingerprint = now;
      return;
    }
    throw new StorageError('storage_failed', `${this.package.name} was changed while it was read.`);
  }

  /**
   * Whether the bytes are those of the digest, where one was promised. Only the ctime has changed: the file was replaced,
   * or removed, or rewritten by a program that set the mtime again.
   */
  private async hasItsDigest(): Promise<boolean> {
    const { sha256 } = this.package;
    if (sha256 === undefined) return true;
    const lease = this.buffers.lease();
    const [buffer] = lease.pair;
    try {
      const hash = createHash('sha256');
      for (let position = 0; position < this.package.size;) {
        const filled = await this.fill(buffer, position, this.package.size - 1);
        hash.update(buffer.subarray(0, filled));
        position += filled;
      }
      return hash.digest('hex') === sha256;
    } finally {
      lease.release();
    }
  }

  private open(): FileHandle {
    if (this.closing === undefined) return this.file;
    throw new StorageError('storage_failed', `${this.package.name} was let go while it was read.`);
  }

  private async fill(buffer: Buffer, position: number, end: number): Promise<number> {
    const wanted = Math.min(buffer.length, end - position + 1);
    const { bytesRead } = await this.open().read(buffer, 0, wanted, position);
    if (bytesRead === 0) {
      throw cutShort(this.package);
    }
    return bytesRead;
  }
}

/** A small revision, read whole when it was opened first. */
export class CachedFile implements OpenPackage {
  readonly package: Package;

  constructor(
    cached: Package,
    private readonly content: Buffer,
  ) {
    this.package = cached;
  }

  async *read(start = 0, end = this.content.length - 1): AsyncGenerator<Uint8Array> {
    if (end >= this.content.length) throw cutShort(this.package);
    yield this.content.subarray(start, end + 1);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function cutShort({ name }: Package): StorageError {
  return new StorageError('storage_failed', `${name} was cut short while it was read.`);
}
