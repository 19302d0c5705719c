/** Below this, letting the collector do it is cheaper. */
const LEAST_BYTES = 16 * 1024;

/**
 * Gives the memory of a chunk back to the system at once, if the chunk does not share it. Otherwise tens of megabytes of
 * dead chunks wait for the garbage collector, which then runs all the time. For the only owner of a chunk: it is empty
 * afterwards.
 */
export function releaseChunk({ buffer, byteLength }: Uint8Array): void {
  // A slice shares its memory with others.
  if (byteLength < LEAST_BYTES || byteLength !== buffer.byteLength) return;
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}
