import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

import type { OpenPackage, Package } from '../package-reader.js';
import type { BufferPool } from '../staging/buffer-pool.js';
import { StorageError } from '../storage.errors.js';
import { fingerprintOf, isMoved } from './fingerprint.js';
import type { IndexEntry } from './package-table.js';
import { ReadAhead } from './read-ahead.js';

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

  async *read(start = 0, end = this.package.size - 1): AsyncGenerator<Uint8Array> {
    const fill = async (buffer: Buffer, position: number): Promise<number> => {
      const filled = await this.fill(buffer, position);
      // Before the last bytes are handed out, so that a reader that got other bytes than promised is never told they are whole.
      if (position + filled > end) await this.assertNotRewritten();
      return filled;
    };
    const ahead = new ReadAhead(fill, this.buffers, start, end);
    try {
      for (let chunk = await ahead.next(); chunk !== undefined; chunk = await ahead.next()) yield chunk;
    } finally {
      ahead.close();
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
    const buffer = this.buffers.takeLarge() ?? this.buffers.makeSmall();
    try {
      const hash = createHash('sha256');
      for (let position = 0; position < this.package.size;) {
        const filled = await this.fill(buffer.subarray(0, this.package.size - position), position);
        hash.update(buffer.subarray(0, filled));
        position += filled;
      }
      return hash.digest('hex') === sha256;
    } finally {
      this.buffers.give(buffer);
    }
  }

  private open(): FileHandle {
    if (this.closing === undefined) return this.file;
    throw new StorageError('storage_failed', `${this.package.name} was let go while it was read.`);
  }

  private async fill(buffer: Buffer, position: number): Promise<number> {
    const { bytesRead } = await this.open().read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) throw cutShort(this.package);
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
