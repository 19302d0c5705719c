import type { PublishCondition } from '#storage';

/** How a client wants a package published. */
export interface WriteOptions {
  readonly condition: PublishCondition;
  /** Hexadecimal SHA-256 that the bytes must have. */
  readonly sha256?: string | undefined;
}
