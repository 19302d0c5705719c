/**
 * What we change in the directory ourselves, on which a look at it has no say: it may have seen what was before. Names
 * are those of packages and of folders.
 */
export class OwnChanges {
  private readonly held = new Set<string>();
  private readonly heldRecords = new Set<string>();
  private duringScan: { readonly names: Set<string>; readonly records: Set<string> } | undefined;

  /** Remembers what is written from now on, until {@link endScan}. */
  beginScan(): void {
    this.duringScan = { names: new Set(), records: new Set() };
  }

  endScan(): void {
    this.duringScan = undefined;
  }

  wrote(name: string): void {
    this.duringScan?.names.add(name);
  }

  /** The folder of a release, or its record, was written, moved or removed. */
  wroteFolder(folder: string): void {
    this.duringScan?.records.add(folder);
  }

  /** Whether it was written since the scan in flight began. */
  hasWritten(name: string): boolean {
    return this.duringScan?.names.has(name) === true;
  }

  hasWrittenFolder(folder: string): boolean {
    return this.duringScan?.records.has(folder) === true;
  }

  /** On its way out, or back. */
  hold(name: string): void {
    this.held.add(name);
  }

  release(name: string): void {
    this.held.delete(name);
  }

  holds(name: string): boolean {
    return this.held.has(name);
  }

  /** The record of a folder is on its way out, and says nothing whether it still lies there or not. */
  holdRecord(folder: string): void {
    this.heldRecords.add(folder);
  }

  releaseRecord(folder: string): void {
    this.heldRecords.delete(folder);
  }

  /** Whether the record that a look found in a folder counts. */
  countsRecord(folder: string): boolean {
    return !this.hasWrittenFolder(folder) && !this.heldRecords.has(folder);
  }
}
