/** Work in flight, for callers that wait for all of it. */
export class InFlight {
  private readonly all = new Set<Promise<unknown>>();

  /** Counts this as in flight until it is settled, and returns it. */
  add<T>(work: Promise<T>): Promise<T> {
    const settled = (): void => void this.all.delete(work);
    this.all.add(work);
    work.then(settled, settled);
    return work;
  }

  /** Resolves when all that is in flight now is settled, one way or the other. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.all);
  }
}
