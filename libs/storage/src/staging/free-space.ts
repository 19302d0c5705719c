import { statfs } from 'node:fs/promises';

import { StorageError } from '../storage.errors.js';

/** Room on the file system, with what running uploads have announced but not yet written taken off. */
export class FreeSpace {
  private reserved = 0;

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
    try {
      const { bavail, bsize } = await statfs(this.path);
      const free = bavail * bsize - this.reserved;
      if (free >= this.minimum) return { written: take, release: () => take(left) };
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
}

export interface Reservation {
  /** Tells that so many bytes are on the disk now and count there. */
  written(bytes: number): void;
  release(): void;
}
