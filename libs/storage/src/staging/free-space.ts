import { statfs } from 'node:fs/promises';

import { StorageError } from '../storage.errors.js';

/** A look at the file system counts for so long while it leaves {@link MARGIN_BYTES}. */
const TRUST_MS = 1000;
/** Room beyond the minimum that others do not fill within that time. */
const MARGIN_BYTES = 1024 * 1024 * 1024;

/** Room on the file system, with what running uploads have announced but not yet written taken off. */
export class FreeSpace {
  private reserved = 0;
  /** Bytes that uploads have written so far. */
  private written = 0;
  /** What was free at the last look, what was written when that began, and until when it counts. */
  private seen = { free: 0, written: 0, until: 0 };

  constructor(
    private readonly path: string,
    private readonly minimum: number,
  ) {}

  /** Rejects with `insufficient_storage` when `size` further bytes would leave less than the minimum. */
  async require(size: number): Promise<void> {
    (await this.reserve(size)).release();
  }

  /** Sets `size` bytes aside for one upload, if there is room: so that of two for which there is not, one fits. */
  async reserve(size: number): Promise<Reservation> {
    this.reserved += size;
    let left = size;
    const take = (bytes: number): void => {
      const taken = Math.min(bytes, left);
      left -= taken;
      this.reserved -= taken;
    };
    const written = (bytes: number): void => {
      take(bytes);
      this.written += bytes;
    };
    try {
      // Only a new look can refuse.
      if (!this.isPlenty()) await this.look();
      if (this.left >= this.minimum) return { written, release: () => take(left) };
      throw new StorageError(
        'insufficient_storage',
        `There is no room for ${size} more bytes: that would leave less than the minimum of ${this.minimum} bytes free. ` +
          'Delete packages or enlarge the volume.',
      );
    } catch (error) {
      take(left);
      throw error;
    }
  }

  private get left(): number {
    return this.seen.free - (this.written - this.seen.written) - this.reserved;
  }

  private isPlenty(): boolean {
    return performance.now() < this.seen.until && this.left >= this.minimum + MARGIN_BYTES;
  }

  private async look(): Promise<void> {
    const { written } = this;
    const until = performance.now() + TRUST_MS;
    const { bavail, bsize } = await statfs(this.path);
    this.seen = { free: bavail * bsize, written, until };
  }
}

export interface Reservation {
  /** Tells that so many bytes are on the disk now and count there. */
  written(bytes: number): void;
  release(): void;
}
