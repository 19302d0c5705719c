import { open, type FileHandle } from 'node:fs/promises';

/**
 * Makes a directory's entries durable. Callers that arrive while an fsync is under way share the next one. A
 * failed fsync is never repeated: what it left behind is unknown, and every later call fails too.
 */
export class DirectorySync {
  private running: Promise<void> | undefined;
  private next: Promise<void> | undefined;
  private failure: unknown;

  private constructor(private readonly directory: FileHandle) {}

  static async open(path: string): Promise<DirectorySync> {
    return new DirectorySync(await open(path, 'r'));
  }

  /** Throws the error of the first fsync that failed, if one did. */
  assertSound(): void {
    if (this.failure !== undefined) throw this.failure;
  }

  sync(): Promise<void> {
    if (this.running === undefined) return this.start();
    this.next ??= this.running
      .catch(() => undefined)
      .then(() => {
        this.next = undefined;
        return this.start();
      });
    return this.next;
  }

  async close(): Promise<void> {
    await this.directory.close();
  }

  private start(): Promise<void> {
    this.running = this.syncOnce().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  private async syncOnce(): Promise<void> {
    this.assertSound();
    try {
      await this.directory.sync();
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}
