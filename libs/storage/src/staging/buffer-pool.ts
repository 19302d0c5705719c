/** Two buffers of one size, to be used in turn: one is filled while the other is emptied. */
export type BufferPair = readonly [Buffer, Buffer];

/** The use of a pair, until it is given back. Nothing may read or write the buffers after that. */
export interface BufferLease {
  readonly pair: BufferPair;
  release(): void;
}

/**
 * One budget of buffer memory over all transfers. A transfer gets a large pair, used again and again, while
 * there is one, and a small one of its own otherwise: few transfers are fast, many are flat, and none ever
 * waits for another.
 */
export class BufferPool {
  private readonly free: BufferPair[] = [];

  constructor(
    private unmade = 16,
    private readonly large = 256 * 1024,
    private readonly small = 32 * 1024,
  ) {}

  lease(): BufferLease {
    const pair = this.free.pop() ?? (this.unmade > 0 ? this.make() : undefined);
    if (pair === undefined) return { pair: allocate(this.small), release: () => undefined };
    let held = true;
    return {
      pair,
      release: () => {
        if (held) this.free.push(pair);
        held = false;
      },
    };
  }

  private make(): BufferPair {
    this.unmade -= 1;
    return allocate(this.large);
  }
}

function allocate(size: number): BufferPair {
  return [Buffer.allocUnsafeSlow(size), Buffer.allocUnsafeSlow(size)];
}
