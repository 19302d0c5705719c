import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Bytes that are still read of a body that nobody wants. */
const MAX_LINGER_BYTES = 8 * 1024 * 1024;
/** Milliseconds after which its connection is cut. */
const MAX_LINGER_MS = 3000;
/** Connections of which something is read that nobody wants; others are cut at once. */
const MAX_LINGERING = 256;

const discarding = new Set<Socket>();

/** Answers that went out whole although they were not ended. */
const whole = new WeakSet<ServerResponse>();

/**
 * Answers a request whose body may not have arrived. The answer goes out whole at once; then a little more
 * of the body is read and thrown away, for a connection that is closed on unread bytes is reset, and the
 * reset may overtake the answer (RFC 9112 §9.6). So a client that sends faster than it reads is made to wait,
 * not cut off. It stops, or the connection is closed in the end.
 */
export function answerUnread(request: IncomingMessage, response: ServerResponse, body: Uint8Array): void {
  if (request.complete || !hasBody(request.headers)) {
    response.end(body);
    return;
  }
  response.setHeader('Connection', 'close');
  response.write(request.method === 'HEAD' ? '' : body, (error) => {
    if (error === undefined || error === null) whole.add(response);
  });
  response.flushHeaders();
  // Its reader, such as a parser, would read on.
  request.unpipe();
  request.removeAllListeners('readable');
  discardBody(request, response, () => response.end());
}

/** Whether what comes on a connection is thrown away. */
export function isDiscarding(socket: Socket): boolean {
  return discarding.has(socket);
}

/** Whether all of an answer was passed on to the client's connection. */
export function wentOut(response: ServerResponse): boolean {
  return response.writableFinished || whole.has(response);
}

/**
 * Bounds what is read of a body that its route has not read, once the request is answered. Node would read all of it
 * to keep the connection.
 */
export function boundUnreadBody(request: IncomingMessage, response: ServerResponse): void {
  if (!hasBody(request.headers)) return;
  // Before Node's own listener, which leaves a body alone that is being read.
  response.prependOnceListener('finish', () => {
    if (request.complete) return;
    const { socket } = request;
    discardBody(request, socket, (isOver) => {
      if (!isOver) socket.destroy();
    });
  });
}

/**
 * Reads the rest of a body and throws it away until it is over, its bounds are reached or `owner` is closed. Of a body
 * beyond the bytes nothing more is read, and its client waits for the end of the time.
 */
function discardBody(
  request: IncomingMessage,
  owner: ServerResponse | Socket,
  done: (isOver: boolean) => void,
): void {
  const { socket } = request;
  let left = MAX_LINGER_BYTES;
  if (discarding.size >= MAX_LINGERING) {
    done(false);
    return;
  }
  discarding.add(socket);
  const timer = setTimeout(finish, MAX_LINGER_MS);
  request.on('data', take).once('end', finish).once('error', finish);
  owner.once('close', finish);
  request.resume();

  function take(chunk: Uint8Array): void {
    left -= chunk.length;
    if (left <= 0) request.off('data', take).pause();
  }

  function finish(): void {
    clearTimeout(timer);
    discarding.delete(socket);
    request.off('data', take).off('end', finish).off('error', finish);
    owner.off('close', finish);
    // Without this, Node would read the rest of the body to keep the connection.
    if (!request.complete) request.pause();
    done(request.complete);
  }
}

/**
 * Ends a connection with its last bytes, for the reason that {@link answerUnread} gives, when what it sends cannot
 * be parsed any more.
 */
export function endUnread(socket: Socket, bytes: string): void {
  const most = socket.bytesRead + MAX_LINGER_BYTES;
  if (discarding.size >= MAX_LINGERING) {
    socket.end(bytes, () => socket.destroy());
    return;
  }
  discarding.add(socket);
  const timer = setTimeout(() => socket.destroy(), MAX_LINGER_MS);
  socket.once('close', () => {
    clearTimeout(timer);
    discarding.delete(socket);
  });
  socket.end(bytes);
  socket.on('data', () => {
    if (socket.bytesRead > most) socket.destroy();
  });
  socket.resume();
}

export function hasBody(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
