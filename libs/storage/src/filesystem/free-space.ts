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
    const { bavail, bsize } = await statfs(this.path);
    const free = bavail * bsize - this.reserved;
    if (free - size < this.minimum) {
      throw new StorageError(
        'insufficient_storage',
        `The storage has ${Math.max(free, 0)} bytes free; ${size} more would leave less than the minimum of ${this.minimum} bytes. ` +
          'Delete packages or enlarge the volume.',
      );
    }
  }

  /** Sets `size` bytes aside for one upload, if there is room. */
  async reserve(size: number): Promise<Reservation> {
    await this.require(size);
    this.reserved += size;
    let left = size;
    const take = (bytes: number): void => {
      const taken = Math.min(bytes, left);
      left -= taken;
      this.reserved -= taken;
    };
    return { written: take, release: () => take(left) };
  }
}

export interface Reservation {
  /** Tells that so many bytes are on the disk now and count there. */
  written(bytes: number): void;
  release(): void;
}
