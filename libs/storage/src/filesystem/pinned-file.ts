import type { FileHandle } from 'node:fs/promises';

import type { OpenPackage, Package } from '../package-store.js';
import { StorageError } from '../storage.errors.js';
import type { BufferBudget } from './buffer-budget.js';

/** A version pinned by its open descriptor: renaming or unlinking the file does not touch it. */
export class PinnedFile implements OpenPackage {
  private closing: Promise<void> | undefined;

  readonly package: Package;

  constructor(
    pinned: Package,
    private readonly file: FileHandle,
    private readonly budget: BufferBudget,
  ) {
    this.package = pinned;
  }

  close(): Promise<void> {
    return (this.closing ??= this.file.close());
  }

  /** Two buffers in turn: one is read into while the other is on its way to the reader. */
  async *read(start = 0, end = this.package.size - 1): AsyncGenerator<Uint8Array> {
    const lease = this.budget.lease();
    const chunk = Math.max(1, Math.min(lease.bytes / 2, end - start + 1));
    let front: Buffer = Buffer.allocUnsafeSlow(chunk);
    let back: Buffer | undefined;
    let position = start;
    const readInto = (buffer: Buffer): Promise<number> => this.fill(buffer, position, end);
    let reading = position <= end ? readInto(front) : undefined;
    try {
      while (reading !== undefined) {
        const bytes = await reading;
        const filled = front.subarray(0, bytes);
        position += bytes;
        back ??= position <= end ? Buffer.allocUnsafeSlow(chunk) : undefined;
        reading = position <= end && back !== undefined ? readInto(back) : undefined;
        reading?.catch(() => undefined);
        yield filled;
        if (back !== undefined) [front, back] = [back, front];
      }
    } finally {
      await reading?.catch(() => undefined);
      lease.release();
      await this.close();
    }
  }

  private async fill(buffer: Buffer, position: number, end: number): Promise<number> {
    const wanted = Math.min(buffer.length, end - position + 1);
    const { bytesRead } = await this.file.read(buffer, 0, wanted, position);
    if (bytesRead === 0) {
      throw new StorageError('storage_failed', `${this.package.name} was cut short while it was read.`);
    }
    return bytesRead;
  }
}

/** A small version, read whole when it was opened first. */
export class CachedFile implements OpenPackage {
  readonly package: Package;

  constructor(
    cached: Package,
    private readonly content: Buffer,
  ) {
    this.package = cached;
  }

  async *read(start = 0, end = this.content.length - 1): AsyncGenerator<Uint8Array> {
    yield this.content.subarray(start, end + 1);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
