import type { Package } from './package-reader.js';

/** Why a store refuses or fails. */
export type StorageErrorCode =
  /** The name breaks the rule of {@link isPackageName}. */
  | 'invalid_package_name'
  | 'package_not_found'
  /** The tag breaks the rule of {@link isReleaseTag}. */
  | 'invalid_release_tag'
  /** There is no release of that tag. */
  | 'release_not_found'
  /** There is a release of that tag. */
  | 'release_exists'
  /** The release is published, and nothing may be added to it. */
  | 'release_immutable'
  /** Create-only, and the name is taken; `existing` holds the stored package. */
  | 'package_exists'
  /** The stored package is not the revision that the caller expected. */
  | 'precondition_failed'
  | 'package_empty'
  | 'package_too_large'
  /** The received bytes have another SHA-256 than the caller announced. */
  | 'checksum_mismatch'
  /** Fewer or more bytes arrived than the caller announced. */
  | 'upload_incomplete'
  /** There are as many packages as may be, and none of them may leave. */
  | 'retention_limit_reached'
  /** Storing the package would leave less than the minimum of free space. */
  | 'insufficient_storage'
  /** The store cannot do its work for a moment: too many files are open. Trying again later may help. */
  | 'storage_busy'
  /** The store does not answer, or not in time; trying again may help. A write may have been done nevertheless. */
  | 'storage_unavailable'
  /** The store holds packages that nobody has published to a server, and a start would remove some of them. */
  | 'foreign_packages'
  /** The store keeps no releases, only packages. */
  | 'releases_unsupported'
  /** The store cannot do its work: I/O error, read-only, unknown outcome of a write. */
  | 'storage_failed';

/** What the store refuses or fails to do. The message is fit for the client; `cause` is for the log. */
export class StorageError extends Error {
  override readonly name = 'StorageError';

  /** The stored package, for `package_exists` and `precondition_failed`. */
  readonly existing: Package | undefined;
  /** Whether what has the tag is a draft, for `release_exists` where that is known. */
  readonly isDraft: boolean | undefined;

  constructor(
    readonly code: StorageErrorCode,
    message: string,
    options: { existing?: Package | undefined; isDraft?: boolean; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.existing = options.existing;
    this.isDraft = options.isDraft;
  }
}
