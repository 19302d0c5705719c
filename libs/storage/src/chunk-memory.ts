/** Below this, letting the collector do it is cheaper. */
const LEAST_BYTES = 16 * 1024;

/**
 * Gives the memory of a chunk back to the system at once, where it has memory of its own. Otherwise tens of megabytes of
 * dead chunks wait for the collector, which then runs all the time. Only for whoever alone has the chunk: it is empty
 * afterwards.
 */
export function releaseChunk({ buffer, byteLength }: Uint8Array): void {
  // A slice shares its memory with others.
  if (byteLength < LEAST_BYTES || byteLength !== buffer.byteLength) return;
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}
