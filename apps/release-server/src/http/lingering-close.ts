import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Bytes that are still read of a body that nobody wants. */
const MOST_BYTES = 8 * 1024 * 1024;
/** Milliseconds after which its connection is cut. */
const MOST_TIME = 3000;

/**
 * Answers a request whose body may not have arrived. The answer goes out whole at once; then a little more
 * of the body is read and thrown away, for a connection that is closed on unread bytes is reset, and the
 * reset may overtake the answer (RFC 9112 §9.6). So a client that sends faster than it reads is made to wait,
 * not cut off. It stops, or the connection is closed in the end.
 */
export function answerUnread(request: IncomingMessage, response: ServerResponse, body: Uint8Array): void {
  if (request.complete || !hasBody(request)) {
    response.end(body);
    return;
  }
  response.setHeader('Connection', 'close');
  response.write(request.method === 'HEAD' ? '' : body);
  response.flushHeaders();

  let left = MOST_BYTES;
  const timer = setTimeout(finish, MOST_TIME);
  const count = (chunk: Uint8Array): void => {
    left -= chunk.length;
    if (left <= 0) stopReading();
  };
  // From whoever was reading it, such as a parser that would read on.
  request.unpipe();
  request.removeAllListeners('readable');
  request.on('data', count).once('end', finish).once('error', finish);
  response.once('close', finish);
  request.resume();

  function stopReading(): void {
    request.off('data', count);
    request.pause();
  }

  function finish(): void {
    clearTimeout(timer);
    // Without this, Node would read the rest of the body to keep the connection.
    stopReading();
    response.end();
  }
}

/**
 * Ends a connection with its last bytes, for the reason that {@link answerUnread} gives, when what it sends cannot
 * be parsed any more. What the parser says of the rest has to be passed to the function that is returned.
 */
export function endUnread(socket: Socket, bytes: string): () => void {
  const most = socket.bytesRead + MOST_BYTES;
  const timer = setTimeout(() => socket.destroy(), MOST_TIME);
  socket.once('close', () => clearTimeout(timer));
  socket.end(bytes);
  return () => {
    if (socket.bytesRead > most) socket.destroy();
  };
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
