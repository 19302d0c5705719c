import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';

import type { StagedPackage, StageOptions } from '../package-store.js';
import { StorageError } from '../storage.errors.js';
import { consume } from './consume.js';

/** What arrived of an upload. */
export type Received = Omit<StagedPackage, 'id'>;

/**
 * Receives an upload as `PackageStore.stage` has to, the same for every store: gives its chunks to `take`, and waits
 * where that returns a promise; counts and hashes them, and refuses what the options refuse. Where a chunk is kept is
 * the store's own part.
 */
export async function receive(
  body: Readable,
  options: StageOptions,
  take: (chunk: Uint8Array) => Promise<void> | undefined,
): Promise<Received> {
  const { maxSize, signal } = options;
  const hash = createHash('sha256');
  let size = 0;
  if (options.size !== undefined && options.size > maxSize) throw tooLarge(maxSize);
  await consume(body, signal, (chunk) => {
    if (size + chunk.length > maxSize) throw tooLarge(maxSize);
    size += chunk.length;
    hash.update(chunk);
    return take(chunk);
  });
  const received = { size, sha256: hash.digest('hex') };
  assertAsAnnounced(received, options);
  return received;
}

function assertAsAnnounced(received: Received, options: StageOptions): void {
  if (options.size !== undefined && received.size !== options.size) {
    throw new StorageError(
      'upload_incomplete',
      `${options.size} bytes were announced and ${received.size} arrived; nothing was stored.`,
    );
  }
  if (received.size === 0) {
    throw new StorageError('package_empty', 'The file is empty; nothing was stored.');
  }
  if (options.sha256 !== undefined && received.sha256 !== options.sha256.toLowerCase()) {
    throw new StorageError(
      'checksum_mismatch',
      `The received bytes have the SHA-256 ${received.sha256}, not the announced one; nothing was stored.`,
    );
  }
}

function tooLarge(maxSize: number): StorageError {
  return new StorageError('package_too_large', `The package is larger than the limit of ${maxSize} bytes.`);
}
