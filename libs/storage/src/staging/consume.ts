import { finished, type Readable } from 'node:stream';

/**
 * Gives every chunk of a body to `take` and, where that returns a promise, waits for it before the next. Chunks
 * are handed over as they arrive, without an iterator's promises and copies, so that they die young: memory under
 * load is made of chunks that wait to be collected. Leaves the body paused and not destroyed when it rejects,
 * with the signal's reason once that aborts.
 */
export async function consume(
  body: Readable,
  signal: AbortSignal | undefined,
  take: (chunk: Uint8Array) => Promise<void> | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  let busy: Promise<void> | undefined;
  let leave: () => void = () => undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const onData = (chunk: Uint8Array): void => {
        try {
          busy = take(chunk);
        } catch (error) {
          reject(error);
          body.pause();
          return;
        }
        if (busy === undefined) return;
        body.pause();
        busy.then(() => body.resume(), reject);
      };
      const onAbort = (): void => reject(signal?.reason as Error);
      const stopWatching = finished(body, { writable: false }, (error) => {
        if (error === null || error === undefined) resolve();
        else reject(error);
      });
      leave = () => {
        stopWatching();
        signal?.removeEventListener('abort', onAbort);
        body.off('data', onData);
      };
      signal?.addEventListener('abort', onAbort);
      body.on('data', onData);
    });
  } catch (error) {
    leave();
    // A chunk that is being taken would resume the body for nobody.
    await busy?.catch(() => undefined);
    body.pause();
    throw error;
  }
  leave();
  // A stream may end while its last chunk is being taken, paused or not.
  await busy;
}
