import { createHash, randomUUID } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

import type { StagedPackage, StageOptions } from '../package-store.js';
import { StorageError } from '../storage.errors.js';
import type { BufferBudget } from './buffer-budget.js';
import { coded } from './errno.js';
import type { FreeSpace, Reservation } from './free-space.js';

/** An upload of unknown length asks for room again after so many bytes. */
const ROOM_STEP = 16 * 1024 * 1024;

/** Receives bodies into files that nobody can see: counted, hashed, checked and durable. */
export class Staging {
  private readonly underWay = new Set<Promise<StagedPackage>>();

  constructor(
    private readonly directory: string,
    private readonly ownerTag: string,
    private readonly freeSpace: FreeSpace,
    private readonly budget: BufferBudget,
  ) {}

  pathOf(staged: StagedPackage): string {
    return join(this.directory, staged.id);
  }

  async discard(staged: StagedPackage): Promise<void> {
    await rm(this.pathOf(staged), { force: true });
  }

  /** Resolves when nothing is being received any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.underWay);
  }

  async receive(body: Readable, options: StageOptions): Promise<StagedPackage> {
    // A body that fails before its first chunk is asked for would find nobody listening and end the process.
    const wait = (): void => undefined;
    body.on('error', wait);
    const reception = this.receiveOne(body, options).finally(() => body.off('error', wait));
    this.underWay.add(reception);
    return reception.finally(() => this.underWay.delete(reception));
  }

  private async receiveOne(body: Readable, options: StageOptions): Promise<StagedPackage> {
    options.signal?.throwIfAborted();
    if (options.size !== undefined && options.size > options.maxSize) throw tooLarge(options.maxSize);
    const reservation = await ours(() => this.freeSpace.reserve(options.size ?? 0));
    const id = `${this.ownerTag}~${randomUUID()}`;
    const path = join(this.directory, id);
    const lease = this.budget.lease();
    let file: FileHandle | undefined;
    try {
      const opened = await ours(() => open(path, 'wx'));
      file = opened;
      const received = await this.write(opened, body, options, reservation, lease.bytes);
      assertAsAnnounced(received, options);
      await ours(() => opened.sync());
      await ours(() => opened.close());
      return { id, ...received };
    } catch (error) {
      await file?.close().catch(() => undefined);
      await rm(path, { force: true }).catch(() => undefined);
      throw error;
    } finally {
      lease.release();
      reservation.release();
    }
  }

  /** Gathers chunks into large writes, one of which is under way while the next is gathered and hashed. */
  private async write(
    file: FileHandle,
    body: Readable,
    options: StageOptions,
    reservation: Reservation,
    batchBytes: number,
  ): Promise<{ size: number; sha256: string }> {
    const hash = createHash('sha256');
    let size = 0;
    let batch: Uint8Array[] = [];
    let gathered = 0;
    let writing: Promise<void> = Promise.resolve();

    const flush = async (): Promise<void> => {
      await writing;
      const chunks = batch;
      const bytes = gathered;
      batch = [];
      gathered = 0;
      writing = ours(() => writeAll(file, chunks, bytes)).then(() => reservation.written(bytes));
      writing.catch(() => undefined);
    };

    try {
      for await (const chunk of chunksOf(body, options.signal)) {
        if (size + chunk.length > options.maxSize) throw tooLarge(options.maxSize);
        const step = Math.floor((size + chunk.length) / ROOM_STEP);
        if (options.size === undefined && step > Math.floor(size / ROOM_STEP)) {
          await ours(() => this.freeSpace.require(0));
        }
        size += chunk.length;
        hash.update(chunk);
        batch.push(chunk);
        gathered += chunk.length;
        if (gathered >= batchBytes) await flush();
      }
      await flush();
    } finally {
      await writing;
    }
    return { size, sha256: hash.digest('hex') };
  }
}

/** A step of our own: its system errors are the storage's, while those of the body are passed on as they are. */
function ours<T>(step: () => Promise<T>): Promise<T> {
  return coded('receiving an upload', step);
}

function assertAsAnnounced(received: { size: number; sha256: string }, options: StageOptions): void {
  if (options.size !== undefined && received.size !== options.size) {
    throw new StorageError(
      'upload_incomplete',
      `${options.size} bytes were announced and ${received.size} arrived; nothing was stored.`,
    );
  }
  if (received.size === 0) {
    throw new StorageError('package_empty', 'The file is empty; nothing was stored.');
  }
  if (options.sha256 !== undefined && received.sha256 !== options.sha256.toLowerCase()) {
    throw new StorageError(
      'checksum_mismatch',
      `The received bytes have the SHA-256 ${received.sha256}, not the announced one; nothing was stored.`,
    );
  }
}

function tooLarge(maxSize: number): StorageError {
  return new StorageError('package_too_large', `The package is larger than the limit of ${maxSize} bytes.`);
}

async function writeAll(file: FileHandle, chunks: readonly Uint8Array[], bytes: number): Promise<void> {
  if (bytes === 0) return;
  const { bytesWritten } = await file.writev(chunks);
  if (bytesWritten === bytes) return;
  // A short write means that the disk is full or nearly so: write the rest, or learn the error.
  let rest = Buffer.concat(chunks).subarray(bytesWritten);
  while (rest.length > 0) {
    const written = await file.write(rest);
    rest = rest.subarray(written.bytesWritten);
  }
}

/** The chunks of a body, without destroying it at the end, and ending with the signal's reason once it aborts. */
async function* chunksOf(body: Readable, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const iterator = body.iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array>;
  let interrupt: (reason: unknown) => void = () => undefined;
  const onAbort = (): void => interrupt(signal?.reason);
  signal?.addEventListener('abort', onAbort);
  try {
    for (;;) {
      signal?.throwIfAborted();
      const next = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
        interrupt = reject;
        iterator.next().then(resolve, reject);
      });
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    signal?.removeEventListener('abort', onAbort);
    // Not awaited: a body that stalls would keep us waiting.
    iterator.return?.().catch(() => undefined);
  }
}
