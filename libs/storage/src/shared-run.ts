/** Work that many ask for and that one run at a time does for all of them. */
export class SharedRun {
  private current: Promise<void> | undefined;
  private following: Promise<void> | undefined;

  constructor(private readonly work: () => Promise<void>) {}

  /** Undefined while there is none. */
  get inFlight(): Promise<void> | undefined {
    return this.current;
  }

  /** The run in flight, or one that begins now. */
  join(): Promise<void> {
    return (this.current ??= this.work().finally(() => {
      this.current = undefined;
    }));
  }

  /** A run that begins after this call: all who ask while one is in flight share the next. */
  next(): Promise<void> {
    if (this.current === undefined) return this.join();
    const begin = (): Promise<void> => {
      this.following = undefined;
      return this.join();
    };
    return (this.following ??= this.current.then(begin, begin));
  }
}
