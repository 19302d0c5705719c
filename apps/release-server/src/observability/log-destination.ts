import { fstatSync, write, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** Milliseconds for which lines are gathered, and after which a destination that takes nothing is tried again at first. */
const FLUSH_INTERVAL_MS = 20;
/** Milliseconds between two tries in the end. */
const MAX_RETRY_MS = 500;
/** Milliseconds for which a process that ends waits for a reader. */
const EXIT_TIMEOUT_MS = 500;
/** Characters that are written without waiting for more. */
const FLUSH_BYTES = 32 * 1024;
/** Characters that wait to be written at most, beside as many that are being written. */
const MAX_WAITING_BYTES = 1024 * 1024;
const EMPTY = Buffer.alloc(0);
const NEVER_WOKEN = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes log lines to a file descriptor, in the order in which they come and without ever waiting for it. Lines are
 * gathered for a moment; while the descriptor takes nothing, be it a full disk or a pipe that nobody reads, they wait
 * up to a bound. Lines beyond it are dropped and counted, and `onDropped` hears of them when lines are written again.
 */
export class LogDestination {
  onDropped: (lines: number) => void = () => undefined;

  private lines: string[] = [];
  private waiting = 0;
  /** The bytes of lines that were taken to be written, as far as they are not yet. */
  private chunk = EMPTY;
  private dropped = 0;
  private timer: NodeJS.Timeout | undefined;
  private retryMs = FLUSH_INTERVAL_MS;
  /** Whether a write may wait for the descriptor instead of failing, as on a file; unknown before the first line. */
  private canBlock: boolean | undefined;
  private isInPool = false;

  constructor(private readonly fd: number) {}

  write(line: string): void {
    // After a dropped line no other is written until the drop is logged, so that the gap is where the log says it is.
    if (this.dropped > 0 || this.waiting + line.length > MAX_WAITING_BYTES) {
      this.dropped += 1;
      return;
    }
    this.canBlock ??= this.prepare();
    this.lines.push(line);
    this.waiting += line.length;
    if (this.waiting >= FLUSH_BYTES && this.retryMs === FLUSH_INTERVAL_MS) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), this.retryMs).unref();
  }

  /** Writes what waits before it returns, unless the descriptor takes nothing for `waitMs` milliseconds. */
  flushSync(waitMs = 0): void {
    const end = performance.now() + waitMs;
    while (this.take()) {
      try {
        this.chunk = this.chunk.subarray(writeSync(this.fd, this.chunk));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || performance.now() >= end) return;
        Atomics.wait(NEVER_WOKEN, 0, 0, FLUSH_INTERVAL_MS);
      }
    }
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.isInPool || !this.take()) return;
    if (this.canBlock === true) {
      this.writeInPool();
      return;
    }
    try {
      this.written(writeSync(this.fd, this.chunk));
    } catch {
      this.retryLater();
    }
  }

  /** A disk may take its time, for which a thread waits. */
  private writeInPool(): void {
    const taken = this.chunk;
    this.chunk = EMPTY;
    this.isInPool = true;
    write(this.fd, taken, (error, bytes) => {
      this.isInPool = false;
      const left = error === null ? taken.subarray(bytes) : taken;
      this.chunk = Buffer.concat([left, this.chunk]);
      if (error === null) this.written(0);
      else this.retryLater();
    });
  }

  private written(bytes: number): void {
    this.retryMs = FLUSH_INTERVAL_MS;
    this.chunk = this.chunk.subarray(bytes);
    this.flush();
  }

  private retryLater(): void {
    this.timer ??= setTimeout(() => this.flush(), this.retryMs).unref();
    this.retryMs = Math.min(this.retryMs * 2, MAX_RETRY_MS);
  }

  /** Whether there is something to write; then it is in `chunk`. */
  private take(): boolean {
    if (this.chunk.length > 0) return true;
    if (this.lines.length === 0 && this.dropped > 0) {
      const { dropped } = this;
      this.dropped = 0;
      this.onDropped(dropped);
    }
    this.chunk = Buffer.from(this.lines.join(''));
    this.lines = [];
    this.waiting = 0;
    return this.chunk.length > 0;
  }

  private prepare(): boolean {
    process.on('exit', () => this.flushSync(EXIT_TIMEOUT_MS));
    const status = fstatSync(this.fd);
    return !status.isFIFO() && !status.isSocket() && !isatty(this.fd);
  }
}
