import { randomUUID } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

import type { StagedPackage, StageOptions } from '../package-store.js';
import type { BufferPair, BufferPool } from './buffer-pool.js';
import { releaseChunk } from '../chunk-memory.js';
import { coded } from '../errno.js';
import type { NewFile, QuickCalls } from '../quick-calls.js';
import { syncOf } from '../sync.js';
import type { FreeSpace, Reservation } from './free-space.js';
import { receive, type Received } from './receive.js';

/** An upload of unknown length asks for room again after so many bytes. */
const ROOM_STEP_BYTES = 16 * 1024 * 1024;

/** Receives bodies into files that nobody can see: counted, hashed and checked. */
export class Staging {
  /** @param isDurable - Whether what was received outlasts a power cut, which a file of its own directory has to. */
  constructor(
    private readonly directory: string,
    private readonly ownerTag: string,
    private readonly freeSpace: FreeSpace,
    private readonly buffers: BufferPool,
    private readonly calls: Pick<QuickCalls, 'create'>,
    private readonly isDurable: boolean,
  ) {}

  pathOf(staged: StagedPackage): string {
    return join(this.directory, staged.id);
  }

  async discard(staged: StagedPackage): Promise<void> {
    await rm(this.pathOf(staged), { force: true });
  }

  /** Resolves when a file can be written here durably. */
  async probe(): Promise<void> {
    const path = join(this.directory, this.newId());
    const file = await open(path, 'wx');
    try {
      await file.write('probe');
      await syncOf(file, 'files');
    } finally {
      await file.close();
      await rm(path, { force: true });
    }
  }

  async receive(body: Readable, options: StageOptions): Promise<StagedPackage> {
    // A body that fails before its first chunk is asked for would find nobody listening and end the process.
    const wait = (): void => undefined;
    body.on('error', wait);
    return this.receiveOne(body, options).finally(() => body.off('error', wait));
  }

  private async receiveOne(body: Readable, options: StageOptions): Promise<StagedPackage> {
    options.signal?.throwIfAborted();
    const reservation = await ours(() => this.freeSpace.reserve(options.size ?? options.sizeAtMost ?? 0));
    const id = this.newId();
    const path = join(this.directory, id);
    const lease = this.buffers.lease();
    let file: NewFile | undefined;
    try {
      const opened = await ours(() => this.calls.create(path, 0o644));
      file = opened;
      const received = await this.write(opened, body, options, reservation, lease.pair);
      if (options.size === undefined) await ours(() => this.freeSpace.require(0));
      if (this.isDurable) await ours(() => syncOf(opened, 'files'));
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

  /** The name of a file that tells whose it is. */
  private newId(): string {
    return `${this.ownerTag}~${randomUUID()}`;
  }

  /**
   * Copies chunks together into large writes, one of which is in flight while the next is gathered and hashed.
   * Copied, and not kept until they are written: a chunk that dies young is cheap to collect.
   */
  private async write(
    file: NewFile,
    body: Readable,
    options: StageOptions,
    reservation: Reservation,
    [front, back]: BufferPair,
  ): Promise<Received> {
    let size = 0;
    let filled = 0;
    let writing: Promise<void> = Promise.resolve();

    const flush = async (): Promise<void> => {
      await writing;
      const batch = front.subarray(0, filled);
      writing = ours(() => writeAll(file, batch)).then(() => reservation.written(batch.length));
      writing.catch(() => undefined);
      [front, back] = [back, front];
      filled = 0;
    };

    /** Copies what fits, and returns the rest. */
    const gather = (chunk: Uint8Array): Uint8Array => {
      const part = chunk.subarray(0, front.length - filled);
      front.set(part, filled);
      filled += part.length;
      return chunk.subarray(part.length);
    };

    const flushFull = async (rest: Uint8Array): Promise<void> => {
      for (let left = rest; filled === front.length; left = gather(left)) await flush();
    };

    const release = (chunk: Uint8Array): void => {
      if (options.ownsChunks === true) releaseChunk(chunk);
    };

    const take = (chunk: Uint8Array): Promise<void> | undefined => {
      const asks =
        options.size === undefined &&
        Math.floor((size + chunk.length) / ROOM_STEP_BYTES) > Math.floor(size / ROOM_STEP_BYTES);
      size += chunk.length;
      const rest = gather(chunk);
      if (asks || filled === front.length) {
        const room = asks ? ours(() => this.freeSpace.require(0)) : Promise.resolve();
        return room.then(() => flushFull(rest)).then(() => release(chunk));
      }
      release(chunk);
      return undefined;
    };

    try {
      const received = await receive(body, options, take);
      await flush();
      return received;
    } finally {
      await writing;
    }
  }
}

/** Our part of a reception. What fails in the body's part is the sender's error, and stays as it is. */
function ours<T>(step: () => Promise<T>): Promise<T> {
  return coded('receiving an upload', step);
}

/** A write may be short, as when the disk is nearly full: the next one tells why. */
async function writeAll(file: NewFile, batch: Uint8Array): Promise<void> {
  for (let rest = batch; rest.length > 0;) rest = rest.subarray(await file.write(rest));
}
