/**
 * One budget of buffer bytes over all transfers: a transfer gets a large share while there is room and the
 * small one otherwise, so that few transfers are fast, many are flat, and none ever waits for another.
 */
export class BufferBudget {
  private left: number;

  constructor(
    total = 32 * 1024 * 1024,
    private readonly large = 1024 * 1024,
    private readonly small = 64 * 1024,
  ) {
    this.left = total;
  }

  /** A share of the budget in bytes, to be given back by `release`. */
  lease(): { readonly bytes: number; release(): void } {
    if (this.left < this.large) return { bytes: this.small, release: () => undefined };
    this.left -= this.large;
    let held = true;
    return {
      bytes: this.large,
      release: () => {
        if (held) this.left += this.large;
        held = false;
      },
    };
  }
}
