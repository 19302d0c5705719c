import type { WriteStream } from 'node:tty';

/**
 * Makes sure that neither standard stream can stop the process, whoever writes to it: a pipe or terminal that is full
 * refuses what is written instead of making the process wait, and an error, such as that of a pipe whose reader is gone,
 * is not thrown. Touching a stream is what makes Node set its pipe or socket to non-blocking.
 */
export function unblockStandardStreams(): void {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.listenerCount('error') === 0) stream.on('error', () => undefined);
    if (stream.isTTY) unblockTerminal(stream);
  }
}

/** Node waits for terminals, and one that is stopped by Ctrl-S would stop the server. */
function unblockTerminal(stream: WriteStream): void {
  const { _handle: handle } = stream as { _handle?: { setBlocking?: (isBlocking: boolean) => number } };
  handle?.setBlocking?.(false);
}
