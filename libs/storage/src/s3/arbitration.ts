import { randomUUID } from 'node:crypto';

import { StorageError } from '../storage.errors.js';
import type { Bucket } from './bucket.js';

const ROUNDS = 5;
const AT_ONCE = 16;

/**
 * Finds out whether the store arbitrates, on which every promise of this driver rests: of many conditional writes of one
 * object exactly one may succeed. Throws one sentence that names what the store fails at.
 */
export async function assertArbitration(bucket: Bucket, prefix: string): Promise<void> {
  await Promise.all(
    Array.from({ length: ROUNDS }, () => probeOnce(bucket, `${prefix}probe/${randomUUID()}`)),
  );
}

async function probeOnce(bucket: Bucket, key: string): Promise<void> {
  try {
    const created = await winners(() => bucket.put(key, content(), { ifNoneMatch: '*' }));
    if (created.length !== 1)
      throw refused(`${created.length} of ${AT_ONCE} writes with If-None-Match: * succeeded`);
    const [etag = ''] = created;
    const replaced = await winners(() => bucket.put(key, content(), { ifMatch: etag }));
    if (replaced.length !== 1)
      throw refused(`${replaced.length} of ${AT_ONCE} writes with one If-Match succeeded`);
    if ((await bucket.put(key, content(), { ifMatch: etag })) !== undefined) {
      throw refused('a write with an outdated If-Match succeeded');
    }
    if (await takesWrongChecksum(bucket, `${key}-checksum`))
      throw refused('a write with a wrong checksum succeeded');
  } finally {
    await Promise.all([bucket.delete(key), bucket.delete(`${key}-checksum`)]).catch(() => undefined);
  }
}

async function winners(write: () => Promise<string | undefined>): Promise<string[]> {
  const tags = await Promise.all(Array.from({ length: AT_ONCE }, write));
  return tags.filter((tag) => tag !== undefined);
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
