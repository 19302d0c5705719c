/** What is being done and not over, for who has to wait for all of it. */
export class UnderWay {
  private readonly all = new Set<Promise<unknown>>();

  /** Counts this as under way until it is settled, and returns it. */
  add<T>(work: Promise<T>): Promise<T> {
    const settled = (): void => void this.all.delete(work);
    this.all.add(work);
    work.then(settled, settled);
    return work;
  }

  /** Resolves when all that is under way now is settled, one way or the other. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.all);
  }
}
