/** What a server has to hold, oldest first: all that retention and conditions come to. */
export class Model {
  private packages = new Map<string, Buffer>();

  constructor(private readonly limit: number) {}

  get(name: string): Buffer | undefined {
    return this.packages.get(name);
  }

  newestFirst(): [string, Buffer][] {
    return [...this.packages].toReversed();
  }

  publish(name: string, content: Buffer): void {
    if (!this.packages.has(name)) this.keepNewest(this.limit - 1);
    this.makeNewest(name, content);
  }

  makeNewest(name: string, content: Buffer): void {
    this.packages.delete(name);
    this.packages.set(name, content);
  }

  makeOldest(name: string, content: Buffer): void {
    this.packages.delete(name);
    this.packages = new Map([[name, content], ...this.packages]);
  }

  remove(name: string): void {
    this.packages.delete(name);
  }

  /** As a start does, or what a new package needs. */
  keepNewest(limit = this.limit): void {
    this.packages = new Map([...this.packages].slice(-limit));
  }
}
