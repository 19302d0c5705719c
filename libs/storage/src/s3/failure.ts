import { types } from 'node:util';

import { StorageError } from '../storage.errors.js';

/** The store refuses by its rules; nothing was stored, nor will be. */
const REFUSALS = new Set([
  'package_exists',
  'precondition_failed',
  'package_not_found',
  'invalid_package_name',
  'release_exists',
  'release_not_found',
]);

/** What can be done about an error, by the names that stores give them. */
const ADVICE: Readonly<Record<string, string>> = {
  InvalidAccessKeyId: 'the access key is not known there: see s3.access_key_id',
  SignatureDoesNotMatch: 'the secret key is not the one of the access key: see s3.secret_access_key',
  AccessDenied: 'the credentials have no right to do this: see "Permissions" in docs/storage.md',
  NoSuchBucket: 'the bucket does not exist: create it, or see s3.bucket',
  PermanentRedirect: 'the bucket is in another region: see s3.region',
  AuthorizationHeaderMalformed: 'the region is another one: see s3.region',
  RequestTimeTooSkewed: "this machine's clock is wrong",
  CredentialsProviderError: 'no credentials were found: see s3.access_key_id',
};

/**
 * An error of the store as a coded one that says what to do; but as it is where its status (304, 404, 409, 412) has a
 * meaning for who asked.
 */
export function failureOf(error: unknown, doing: string, bucket: string): unknown {
  if (!types.isNativeError(error) || error instanceof StorageError) return error;
  const status = statusOf(error);
  if ((error as NodeJS.ErrnoException).syscall === 'open') return error;
  const advice = ADVICE[error.name];
  if (advice !== undefined && (status ?? 0) < 500) {
    const message = `The bucket ${bucket} cannot be used: ${advice} (${error.name}).`;
    return new StorageError('storage_failed', message, { cause: error });
  }
  if ([304, 404, 409, 412].includes(status ?? 0)) return error;
  const isRefused = status !== undefined && status >= 300 && status < 500 && status !== 408 && status !== 429;
  return new StorageError(
    isRefused ? 'storage_failed' : 'storage_unavailable',
    `The object store ${isRefused ? 'refused' : 'did not answer'}: ${doing} failed with ${reasonOf(error)}.`,
    { cause: error },
  );
}

/** The store's or the system's word for it, such as ECONNREFUSED. */
function reasonOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.name;
}

/** The HTTP status with which the store answered, if it did. */
export function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata?.httpStatusCode;
}

/** Whether a change was refused for good, so that nobody needs its blob. */
export function isRefusal(error: unknown): boolean {
  return error instanceof StorageError && REFUSALS.has(error.code);
}
