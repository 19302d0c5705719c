import type { PublishCondition } from '#storage';

/** How a client wants a package published. */
export interface WriteOptions {
  /** The tag of the release in whose folder it goes; undefined where its name tells the release. */
  readonly release?: string | undefined;
  /** Whether it may only go into a draft of that tag, where nobody sees it yet. */
  readonly onlyDraft?: boolean | undefined;
  /** Whether the release must have a record when the package is published, be it a draft or not. */
  readonly onlyKnown?: boolean | undefined;
  readonly condition: PublishCondition;
  /** Hexadecimal SHA-256 that the bytes must have. */
  readonly sha256?: string | undefined;
}
