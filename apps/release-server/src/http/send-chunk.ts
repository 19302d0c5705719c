import type { ServerResponse } from 'node:http';

/**
 * Writes a chunk. True when its memory is free again, which for a fast client it is at once; false when the client is
 * gone.
 */
export function sendChunk(
  response: ServerResponse,
  chunk: Uint8Array,
  isLast: boolean,
): boolean | Promise<boolean> {
  const { socket } = response;
  // Its client left before there was anything to send: `close` is over, and callbacks will not come.
  if (response.destroyed || socket === null || socket.destroyed) return false;
  let onSent = (_isOut: boolean): void => undefined;
  const sent = (error?: Error | null): void => onSent(error === null || error === undefined);
  if (isLast) {
    response.end(chunk, () => sent());
  } else {
    // At once, together with the head; Node itself would begin in the next turn.
    socket.cork();
    response.write(chunk, sent);
    socket.uncork();
  }
  if (socket.writableLength === 0) return true;
  return new Promise((resolve) => {
    const onClose = (): void => resolve(false);
    response.once('close', onClose);
    onSent = (isOut) => {
      response.off('close', onClose);
      resolve(isOut);
    };
  });
}
