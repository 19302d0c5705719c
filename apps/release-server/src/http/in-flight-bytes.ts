/** Counts the bytes of what is being sent, each thing once however many read it. */
export class InFlightBytes<Sent extends object> {
  private readonly readers = new Map<Sent, number>();
  private bytes = 0;

  /** @param sizeOf - Bytes of a thing, which stay the same. */
  constructor(private readonly sizeOf: (sent: Sent) => number) {}

  get total(): number {
    return this.bytes;
  }

  /** Says that it is being sent; what is returned says that it no longer is. */
  hold(sent: Sent): () => void {
    const before = this.readers.get(sent) ?? 0;
    if (before === 0) this.bytes += this.sizeOf(sent);
    this.readers.set(sent, before + 1);
    return () => {
      const left = (this.readers.get(sent) ?? 1) - 1;
      if (left > 0) this.readers.set(sent, left);
      else if (this.readers.delete(sent)) this.bytes -= this.sizeOf(sent);
    };
  }
}
