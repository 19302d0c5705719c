import type { ServerResponse } from 'node:http';

/** Writes a chunk. Resolves when its memory is free again: true, or false when the client is gone. */
export function sendChunk(response: ServerResponse, chunk: Uint8Array, isLast: boolean): Promise<boolean> {
  // Its client left before there was anything to send: `close` is over, and callbacks will not come.
  if (response.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    const onClose = (): void => resolve(false);
    const onSent = (error?: Error | null): void => {
      response.off('close', onClose);
      resolve(error === null || error === undefined);
    };
    response.once('close', onClose);
    if (isLast) response.end(chunk, () => onSent());
    else response.write(chunk, onSent);
  });
}
