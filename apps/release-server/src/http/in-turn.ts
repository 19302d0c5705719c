import type { RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Handles a request when the one before it on its connection is answered, and not at all when that closed it. Node
 * itself begins with all that are sent at once: a read could overtake the write that it follows (RFC 9112 §9.3.2),
 * and what follows a refused request would be done (§9.6).
 */
export function inTurn(handle: RequestListener): RequestListener {
  const last = new WeakMap<Socket, ServerResponse>();
  return (request, response) => {
    const before = last.get(request.socket);
    last.set(request.socket, response);
    const begin = (): void => {
      if (request.socket.writable) handle(request, response);
    };
    if (before === undefined || before.closed) begin();
    else before.once('close', begin);
  };
}
