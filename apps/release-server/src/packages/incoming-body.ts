import type { Readable } from 'node:stream';

/** The bytes of a package that comes in, and how to take them. */
export interface IncomingBody {
  /** Is read once nothing speaks against the package, and no further once something does. */
  readonly stream: Readable;
  /** How many bytes there are, where that is announced. */
  readonly size?: number | undefined;
  /** How many there are at most, where that is all that is announced. */
  readonly sizeAtMost?: number | undefined;
  /** Whether it is small and comes unasked, so that a refusal before it is read saves nothing. */
  readonly arrivesWithHead?: boolean | undefined;
  /** Aborts, with the error as its reason, when the rest is not worth waiting for. */
  readonly signal?: AbortSignal | undefined;
  /** Whether nobody else has the chunks of the stream, so that the store may release their memory. */
  readonly ownsChunks?: boolean | undefined;
  /** Called before the first byte is read: asks the sender to go on. */
  accept?(): void;
  /** Called once when the bytes are received or refused, and before the package is visible. */
  dispose?(): void;
}
