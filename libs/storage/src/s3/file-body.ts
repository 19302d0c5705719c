import type { FileHandle } from 'node:fs/promises';
import { Readable, type Writable } from 'node:stream';

import type { BufferPair } from '../staging/buffer-pool.js';

/**
 * A file as the body of a request, read into two buffers in turn: one is filled while the other is on its way. A stream
 * of `node:fs` takes new memory for every read, tens of megabytes of which wait for the garbage collector.
 */
export class FileBody extends Readable {
  private request: Writable | undefined;
  private sending: Promise<void> = Promise.resolve();

  constructor(
    private readonly file: FileHandle,
    private readonly pair: BufferPair,
  ) {
    super();
  }

  /** The way on which the SDK sends a stream: only what writes to the request itself learns when bytes are gone. */
  override pipe<T extends NodeJS.WritableStream>(to: T): T {
    const request = to as unknown as Writable;
    this.request = request;
    this.sending = this.send(request).catch((error: unknown) => void request.destroy(error as Error));
    return to;
  }

  /** Gives up what is not sent, and resolves when nothing reads or fills the buffers any more. */
  async stop(): Promise<void> {
    if (this.request?.writableEnded === false) this.request.destroy();
    await this.sending;
  }

  private async send(request: Writable): Promise<void> {
    let [filling, leaving] = this.pair;
    let sent: Promise<void> = Promise.resolve();
    try {
      for (;;) {
        const { bytesRead } = await this.file.read(filling, 0, filling.length, null);
        await sent;
        if (request.destroyed) return;
        if (bytesRead === 0) break;
        sent = written(request, filling.subarray(0, bytesRead));
        [filling, leaving] = [leaving, filling];
      }
    } finally {
      await sent;
    }
    request.end();
  }
}

/** Resolves when the bytes are needed no longer; of a request that is given up only its end may tell that. */
function written(request: Writable, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    request.once('close', resolve);
    request.write(bytes, () => {
      request.off('close', resolve);
      resolve();
    });
  });
}
