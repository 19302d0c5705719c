import { randomUUID } from 'node:crypto';

import { StorageError } from '../storage.errors.js';
import type { Bucket } from './bucket.js';

const ROUNDS = 5;
const AT_ONCE = 16;

/** Times that a round is started again when the answer that it needs was lost. */
const RETRIES = 4;

/**
 * Finds out whether the store arbitrates, on which every promise of this driver rests: of many conditional writes of one
 * object exactly one may succeed. Throws one sentence that names what the store fails at.
 */
export async function assertArbitration(bucket: Bucket, prefix: string): Promise<void> {
  await Promise.all(Array.from({ length: ROUNDS }, () => probe(bucket, prefix)));
}

async function probe(bucket: Bucket, prefix: string): Promise<void> {
  for (let retries = 0; ; retries++) {
    const key = `${prefix}${randomUUID()}`;
    try {
      await probeOnce(bucket, key);
      return;
    } catch (error) {
      if (retries === RETRIES || !isLost(error)) throw error;
    } finally {
      await Promise.all([bucket.delete(key), bucket.delete(`${key}-checksum`)]).catch(() => undefined);
    }
  }
}

/** Rejects with `storage_unavailable` when an answer was lost without which nothing can be said. */
async function probeOnce(bucket: Bucket, key: string): Promise<void> {
  const created = await winnerOf('If-None-Match: *', () => bucket.put(key, content(), { ifNoneMatch: '*' }));
  await winnerOf('one If-Match', () => bucket.put(key, content(), { ifMatch: created }));
  if ((await bucket.put(key, content(), { ifMatch: created })) !== undefined) {
    throw refused('a write with an outdated If-Match succeeded');
  }
  if (await takesWrongChecksum(bucket, `${key}-checksum`)) {
    throw refused('a write with a wrong checksum succeeded');
  }
}

/** The tag of the one of many writes that succeeded. */
async function winnerOf(condition: string, write: () => Promise<string | undefined>): Promise<string> {
  const writes = await Promise.allSettled(Array.from({ length: AT_ONCE }, write));
  const tags = writes.flatMap((one) => (one.status === 'fulfilled' ? (one.value ?? []) : []));
  const [tag] = tags;
  if (tags.length === 1 && tag !== undefined) return tag;
  const failure = writes.find((one) => one.status === 'rejected');
  // The write without an answer may be the one that succeeded.
  if (tag === undefined && failure !== undefined) throw failure.reason;
  throw refused(`${tags.length} of ${AT_ONCE} writes with ${condition} succeeded`);
}

function isLost(error: unknown): boolean {
  return error instanceof StorageError && error.code === 'storage_unavailable';
}

async function takesWrongChecksum(bucket: Bucket, key: string): Promise<boolean> {
  const wrong = Buffer.alloc(32, 1).toString('base64');
  try {
    await bucket.put(key, content(), {}, wrong);
    return true;
  } catch (error) {
    if (error instanceof StorageError && error.code === 'storage_failed') return false;
    throw error;
  }
}

function content(): Buffer {
  return Buffer.from(randomUUID());
}

function refused(what: string): StorageError {
  return new StorageError(
    'storage_failed',
    `The object store does not arbitrate conditional writes (${what}), without which packages would be lost: use another store.`,
  );
}
