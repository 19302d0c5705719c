import type { IncomingMessage, ServerResponse } from 'node:http';

/** What is still read of a body that nobody wants, and for how long its connection is kept: bytes and milliseconds. */
const MOST_BYTES = 8 * 1024 * 1024;
const MOST_TIME = 3000;

/**
 * Answers a request whose body may not have arrived. The answer goes out whole at once; then a little more
 * of the body is read and thrown away, for a connection that is closed on unread bytes is reset, and the
 * reset may overtake the answer (RFC 9112 §9.6). A client that goes on sending is held up rather than cut off,
 * so that it comes to read the answer. It stops, or the connection is closed.
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
  request.on('data', count).once('end', finish).once('error', finish);
  response.once('close', finish);
  request.resume();

  function stopReading(): void {
    request.off('data', count);
    // Without this, Node would read the rest of the body to keep the connection.
    request.pause();
  }

  function finish(): void {
    clearTimeout(timer);
    stopReading();
    response.end();
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
