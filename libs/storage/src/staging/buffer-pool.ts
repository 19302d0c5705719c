/** Two buffers of one size, to be used in turn: one is filled while the other is emptied. */
export type BufferPair = readonly [Buffer, Buffer];

/** The use of a pair, until it is given back. Nothing may read or write the buffers after that. */
export interface BufferLease {
  readonly pair: BufferPair;
  release(): void;
}

/**
 * One budget of buffer memory over all transfers. A transfer gets large buffers, used again and again, while
 * there are some, and small ones of its own otherwise: few transfers are fast, many are flat, and none ever
 * waits for another.
 */
export class BufferPool {
  private readonly free: Buffer[] = [];
  private readonly lent = new Set<Buffer>();

  constructor(
    private unmade = 24,
    private readonly large = 512 * 1024,
    private readonly small = 64 * 1024,
  ) {}

  /** Undefined while all are in use. */
  takeLarge(): Buffer | undefined {
    const buffer = this.free.pop() ?? (this.unmade > 0 ? this.make() : undefined);
    if (buffer !== undefined) this.lent.add(buffer);
    return buffer;
  }

  /** A buffer that is not part of the budget. */
  makeSmall(): Buffer {
    return Buffer.allocUnsafeSlow(this.small);
  }

  /** Takes a large buffer back, in which nothing may be read or written after that; leaves others alone. */
  give(buffer: Buffer): void {
    if (this.lent.delete(buffer)) this.free.push(buffer);
  }

  lease(): BufferLease {
    const [front, back] = [this.takeLarge(), this.takeLarge()];
    if (front !== undefined && back !== undefined) {
      let held = true;
      return {
        pair: [front, back],
        release: () => {
          if (held) for (const buffer of [back, front]) this.give(buffer);
          held = false;
        },
      };
    }
    if (front !== undefined) this.give(front);
    // Of half the size, so that a pair is no more than what a download has.
    const half = this.small / 2;
    return {
      pair: [Buffer.allocUnsafeSlow(half), Buffer.allocUnsafeSlow(half)],
      release: () => undefined,
    };
  }

  private make(): Buffer {
    this.unmade -= 1;
    return Buffer.allocUnsafeSlow(this.large);
  }
}
