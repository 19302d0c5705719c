import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';

import { releaseChunk } from '#storage';

import { hasFailed } from './client-error.js';
import { boundUnreadBody, isDiscarding } from './lingering-close.js';
import { announcedLength } from './request-body.js';
import { inTurn } from './turns.js';

/** Requests of one connection that wait for the answer before theirs, and bytes of them; more are left unparsed. */
const MAX_WAITING = 4;
const MAX_WAITING_BYTES = 4096;
/** Connections that may have something left unparsed. Each has at most two reads of 64 KiB. */
const MAX_PAUSED = 128;
/** Bytes that go to the parser at least, so that the work for a chunk has a bound whatever it consists of. */
const MIN_REQUEST_BYTES = 128;
const END_OF_HEAD = '\r\n\r\n';

type Exchange = readonly [request: IncomingMessage, response: ServerResponse];

/**
 * Handles a request when the one before it on its connection is answered, and not at all when that closed it. Node
 * itself begins with all that are sent at once: a read could overtake the write that it follows (RFC 9112 §9.3.2),
 * and what follows a refused request would be done (§9.6).
 *
 * What waits is bounded. Node pauses a connection by the answers that it has to buffer, and answers that have not
 * begun count for nothing there.
 */
export function servePipelines(
  server: Server,
  handle: RequestListener,
  closed: RequestListener = () => undefined,
): void {
  const pipelines = new WeakMap<Socket, Pipeline>();
  const shared = { handle, closed, paused: new Set<Socket>() };
  // Of TLS there are two sockets to a connection, and this is the one that has HTTP.
  server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
    pipelines.set(socket, new Pipeline(socket, shared));
  });
  server.on('request', (request, response) => pipelines.get(request.socket)?.add([request, response]));
}

/** What the pipelines of a server have in common. */
interface Shared {
  readonly handle: RequestListener;
  /** Called when an answer is out, or its client gone. */
  readonly closed: RequestListener;
  readonly paused: Set<Socket>;
}

/** The requests of one connection. */
class Pipeline {
  private readonly waiting: Exchange[] = [];
  private waitingBytes = 0;
  /** Bytes that the body of the last request still has at least. */
  private bodyBytes = 0;
  private isAnswering = false;
  private isHeld = false;
  private readonly parse: (chunk: Buffer) => void;

  constructor(
    private readonly socket: Socket,
    private readonly shared: Shared,
  ) {
    // Node's listener gives whole chunks to its parser. One can hold thousands of requests, and the parser cannot be
    // stopped within it.
    const [parse] = socket.listeners('data');
    if (parse === undefined) throw new Error('Node no longer parses requests by a listener for data');
    this.parse = parse as typeof this.parse;
    socket.off('data', this.parse);
    socket.on('data', (chunk: Buffer) => {
      if (this.read(chunk)) releaseChunk(chunk);
      // Piece by piece, so that much of it does not keep the others waiting.
      if (isDiscarding(socket) && !socket.isPaused()) {
        this.hold();
        inTurn(() => this.release());
      }
    });
    // Node resumes a connection whenever it has read a request.
    socket.on('resume', () => {
      if (this.isHeld) socket.pause();
    });
    socket.once('close', () => shared.paused.delete(socket));
  }

  add(exchange: Exchange): void {
    this.bodyBytes = announcedLength(exchange[0]) ?? 0;
    if (this.isAnswering) this.waiting.push(exchange);
    else this.begin(exchange);
  }

  private begin([request, response]: Exchange): void {
    this.isAnswering = true;
    response.once('close', () => {
      this.next();
      this.shared.closed(request, response);
    });
    boundUnreadBody(request, response);
    this.shared.handle(request, response);
  }

  /** Begins with what waits; with nothing any more on a connection that is ending. */
  private next(): void {
    if (!this.socket.writable) this.waiting.length = 0;
    if (this.waiting.length > 0) {
      inTurn(() => this.beginNext());
    } else {
      this.isAnswering = false;
      this.readOn();
    }
  }

  private beginNext(): void {
    const following = this.waiting.shift();
    if (following !== undefined && this.socket.writable) this.begin(following);
    if (this.waiting.length === 0) this.readOn();
  }

  private readOn(): void {
    this.waitingBytes = 0;
    if (this.shared.paused.delete(this.socket)) this.release();
  }

  /** A small body is taken with its head, so that its connection need not be closed when it is refused. */
  private get isFull(): boolean {
    if (this.waitingBytes >= MAX_WAITING_BYTES) return true;
    return this.waiting.length >= MAX_WAITING && this.waiting.at(-1)?.[0].complete === true;
  }

  /**
   * Gives the parser one head after the other until enough of them wait; the rest goes back into the stream. Returns
   * whether all is parsed.
   */
  private read(chunk: Buffer): boolean {
    const { socket } = this;
    let from = 0;
    while (from < chunk.length) {
      if (this.isFull) this.holdWhileFull();
      if (socket.destroyed || hasFailed(socket)) return false;
      if (socket.isPaused()) {
        socket.unshift(chunk.subarray(from));
        return false;
      }
      const isWaiting = this.waiting.length > 0;
      const most = isWaiting ? from + MAX_WAITING_BYTES : chunk.length;
      const to = Math.min(this.endOfPart(chunk, from), most);
      this.parse(chunk.subarray(from, to));
      this.bodyBytes = Math.max(0, this.bodyBytes - (to - from));
      if (isWaiting) this.waitingBytes += to - from;
      from = to;
    }
    return true;
  }

  /** Where the parser may read to: to the end of the body that it is in, or of the next head. */
  private endOfPart(chunk: Buffer, from: number): number {
    if (this.bodyBytes > 0) return Math.min(from + this.bodyBytes, chunk.length);
    const end = chunk.indexOf(END_OF_HEAD, from + MIN_REQUEST_BYTES);
    return end < 0 ? chunk.length : end + END_OF_HEAD.length;
  }

  private holdWhileFull(): void {
    const { paused } = this.shared;
    if (paused.size >= MAX_PAUSED && !paused.has(this.socket)) {
      this.socket.destroy();
      return;
    }
    paused.add(this.socket);
    this.hold();
  }

  private hold(): void {
    this.isHeld = true;
    this.socket.pause();
  }

  private release(): void {
    this.isHeld = false;
    this.socket.resume();
  }
}
