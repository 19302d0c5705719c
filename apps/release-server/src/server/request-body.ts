import type { IncomingMessage, ServerResponse } from 'node:http';

import { ProblemError } from '../problems/problem.js';

/** Milliseconds without a byte after which a body counts as stalled. However slow, a body that moves may take its time. */
const STALL_MS = 30_000;

/** Bytes of a body that is on its way with its head. */
const MAX_BYTES_WITH_HEAD = 64 * 1024;

/** The announced length of the body in bytes; undefined when it comes in chunks. */
export function announcedLength(request: IncomingMessage): number | undefined {
  const length = request.headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

/** The body of a request, which is not taken before it is accepted. */
export class RequestBody {
  /** Node's parser makes each chunk anew. */
  readonly ownsChunks = true;
  private readonly stalled = new AbortController();
  private isWatched = false;

  /** @param size - Its bytes, where they are known. */
  constructor(
    readonly stream: IncomingMessage,
    private readonly response: ServerResponse,
    readonly size?: number,
  ) {}

  /** Whether it is so small that it comes with its head, and its client does not wait to be told to send it. */
  get arrivesWithHead(): boolean {
    return this.size !== undefined && this.size <= MAX_BYTES_WITH_HEAD && !this.isAwaited;
  }

  /** Aborts when the body stalls. */
  get signal(): AbortSignal {
    return this.stalled.signal;
  }

  /** Begins to take the body: tells a client that waits for it to go on (`Expect: 100-continue`), and watches for stalls. */
  accept(): void {
    this.isWatched = true;
    this.stream.setTimeout(STALL_MS, this.onStall);
    if (this.isAwaited) this.response.writeContinue();
  }

  /** Stops watching for stalls. */
  dispose(): void {
    if (!this.isWatched) return;
    this.isWatched = false;
    this.stream.setTimeout(0);
    this.stream.off('timeout', this.onStall);
  }

  private get isAwaited(): boolean {
    return this.stream.headers.expect?.toLowerCase() === '100-continue';
  }

  private readonly onStall = (): void => {
    const seconds = STALL_MS / 1000;
    this.stalled.abort(
      new ProblemError('request_timeout', `No byte of the body came for ${seconds} seconds.`),
    );
  };
}
