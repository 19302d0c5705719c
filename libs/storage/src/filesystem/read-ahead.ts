import type { BufferPool } from '../staging/buffer-pool.js';

/** Large buffers that one read uses at most: one is with its reader while the other is filled. */
const MOST_BUFFERS = 2;
/** A reader that takes longer for a chunk is a slow one. */
const SLOW_MS = 200;

/** Fills the beginning of a buffer with the bytes from a position on; resolves to how many, which is never 0. */
export type Fill = (buffer: Buffer, position: number) => Promise<number>;

interface Filled {
  readonly buffer: Buffer;
  readonly length: number;
}

/**
 * The bytes from `start` to `end` inclusive, chunk by chunk, read ahead while their reader is fast. Of a slow one nothing
 * is kept but the chunk that it has, and the next are small: it leaves the large buffers to others.
 */
export class ReadAhead {
  private ready: Filled[] = [];
  private handedOut: Buffer | undefined;
  private small: Buffer | undefined;
  /** Buffers that are ready, handed out or being filled. */
  private inUse = 0;
  /** How many large ones that may be. */
  private most = MOST_BUFFERS;
  private filling: Promise<void> | undefined;
  private failure: unknown;
  /** Changes when what is being filled is no longer wanted. */
  private run = 0;
  /** Of the next byte to be read, and to be handed out. */
  private readPosition: number;
  private position: number;
  private timer: NodeJS.Timeout | undefined;
  private isPaused = false;

  constructor(
    private readonly fill: Fill,
    private readonly buffers: BufferPool,
    start: number,
    private readonly end: number,
  ) {
    this.readPosition = this.position = start;
  }

  /** The next chunk, valid until the one after it is asked for; undefined after the last. */
  async next(): Promise<Buffer | undefined> {
    this.takeBack();
    this.readOn();
    while (this.ready.length === 0 && this.filling !== undefined) await this.filling;
    const filled = this.ready.shift();
    if (filled === undefined) {
      if (this.failure !== undefined) throw this.failure as Error;
      return undefined;
    }
    this.handedOut = filled.buffer;
    this.position += filled.length;
    this.readOn();
    if (this.position <= this.end) this.timer = this.timer?.refresh() ?? this.startTimer();
    return filled.buffer.subarray(0, filled.length);
  }

  /** Gives all buffers back: at once, but for one that is being filled. */
  close(): void {
    clearTimeout(this.timer);
    this.pause();
    this.takeBack();
    this.isPaused = true;
  }

  private takeBack(): void {
    if (this.handedOut === undefined) return;
    this.giveBack(this.handedOut);
    this.handedOut = undefined;
    if (!this.isPaused) this.most = Math.min(Math.max(1, this.most * 2), MOST_BUFFERS);
    this.isPaused = false;
  }

  private readOn(): void {
    if (this.isPaused || this.filling !== undefined || this.failure !== undefined) return;
    const { run, readPosition } = this;
    const left = this.end - readPosition + 1;
    const buffer = left > 0 ? this.take() : undefined;
    if (buffer === undefined) return;
    const filling = this.fill(buffer.subarray(0, left), readPosition).then(
      (length) => {
        if (run !== this.run) {
          this.giveBack(buffer);
        } else {
          this.ready.push({ buffer, length });
          this.readPosition += length;
        }
      },
      (error: unknown) => {
        this.giveBack(buffer);
        if (run === this.run) this.failure = error;
      },
    );
    this.filling = filling.then(() => {
      this.filling = undefined;
      this.readOn();
    });
  }

  private startTimer(): NodeJS.Timeout {
    return setTimeout(() => {
      if (this.handedOut !== undefined) this.pause();
    }, SLOW_MS).unref();
  }

  /** Gives back what is not handed out, to be read again. */
  private pause(): void {
    this.isPaused = true;
    this.most = 0;
    this.run += 1;
    this.readPosition = this.position;
    for (const { buffer } of this.ready) this.giveBack(buffer);
    this.ready = [];
  }

  private take(): Buffer | undefined {
    const large = this.inUse < this.most ? this.buffers.takeLarge() : undefined;
    const buffer = large ?? (this.inUse === 0 ? (this.small ??= this.buffers.makeSmall()) : undefined);
    if (buffer !== undefined) this.inUse += 1;
    return buffer;
  }

  private giveBack(buffer: Buffer): void {
    this.inUse -= 1;
    this.buffers.give(buffer);
  }
}
