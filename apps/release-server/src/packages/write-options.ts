import type { PublishCondition } from '#storage';

/** How a client wants a package published. */
export interface WriteOptions {
  /** The tag of the release in whose folder it goes; undefined where its name tells the release. */
  readonly release?: string | undefined;
  readonly condition: PublishCondition;
  /** Hexadecimal SHA-256 that the bytes must have. */
  readonly sha256?: string | undefined;
}
