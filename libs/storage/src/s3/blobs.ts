import { createHash } from 'node:crypto';

import { folderTagOf, isFileName, nameInRelease } from '../package-name.js';
import { inParallel } from '../parallel.js';
import { clampTime, isPublishTime } from '../publish-time.js';
import { flawOfRecord } from '../record-validation.js';
import type { ReleaseRecord } from '../release-record.js';
import { isReleaseTag } from '../release-tag.js';
import { StorageError } from '../storage.errors.js';
import { BlobReader } from './blob-reader.js';
import type { Bucket, Listed } from './bucket.js';
import { statusOf } from './failure.js';
import { packageOf, type Entry, type StoredRecord } from './index-document.js';
import { isKeyOf, isKeyOfRecord, type ObjectKeys } from './object-keys.js';

/** Blobs that are looked at at once. */
const AT_ONCE = 8;
/** Servers that run meanwhile collect what is garbage. */
const DELETED = 'deleted meanwhile';

/** What a blob says of itself, by which it can be a package. */
export interface Blob extends Entry {
  readonly name: string;
  /** When it was written, in milliseconds since the epoch. */
  readonly written: number;
  /** Whether it was written for the folder of a draft. */
  readonly isDraft: boolean;
}

/** A blob that is not listed, and why. */
export interface LeftOut {
  readonly key: string;
  readonly reason: string;
}

/** All blobs, read from their metadata, and where it is asked for held against their bytes; and the copies of records. */
export async function readBlobs(
  bucket: Bucket,
  { blobs: packages, ofReleases }: Pick<ObjectKeys, 'blobs' | 'ofReleases'>,
  verify: boolean,
): Promise<{
  readonly blobs: readonly Blob[];
  readonly records: readonly StoredRecord[];
  readonly leftOut: readonly LeftOut[];
}> {
  const listed: Listed[] = [];
  for (const prefix of [packages, ofReleases]) for await (const one of bucket.list(prefix)) listed.push(one);
  const reader = new BlobReader(bucket, undefined);
  const blobs: Blob[] = [];
  const copies: (StoredRecord & { readonly written: number })[] = [];
  const leftOut: LeftOut[] = [];
  await inParallel(listed, AT_ONCE, async (one) => {
    const { key, modified: written } = one;
    if (key.startsWith(ofReleases) && isKeyOfRecord(key)) {
      const record = await readRecord(bucket, key);
      if (typeof record === 'string') leftOut.push({ key, reason: record });
      else copies.push({ key, record, written });
      return;
    }
    const blob = await readBlob(bucket, one, key.startsWith(ofReleases));
    const reason = typeof blob === 'string' ? blob : verify ? await flawOf(reader, blob) : undefined;
    if (reason !== undefined) leftOut.push({ key, reason });
    else if (typeof blob !== 'string') blobs.push(blob);
  });
  return { blobs, records: newestOfEachTag(copies), leftOut };
}

/** Stores keep whole seconds, within which a release changes more than once. */
function newestOfEachTag(
  copies: readonly (StoredRecord & { readonly written: number })[],
): readonly StoredRecord[] {
  const newest = new Map<string, StoredRecord>();
  const oldestFirst = copies.toSorted(
    (a, b) => a.written - b.written || a.record.updatedAt - b.record.updatedAt || (a.key < b.key ? -1 : 1),
  );
  for (const { key, record } of oldestFirst) newest.set(record.tag, { key, record });
  return [...newest.values()];
}

/** The record, or why it is none. */
async function readRecord(bucket: Bucket, key: string): Promise<ReleaseRecord | string> {
  const answer = await bucket.get(key);
  if (answer === 'missing' || answer === 'unchanged') return DELETED;
  try {
    const record = JSON.parse(answer.body.toString()) as ReleaseRecord;
    const flaw = flawOfRecord(record.tag, record);
    return flaw === undefined ? record : `it is no record of a release${flaw}`;
  } catch {
    return 'it is no record of a release';
  }
}

/**
 * The newest blob of each name, by when they were written, and of those written at once that with the greatest key:
 * the choice is the same for everybody.
 */
export function newestOfEachName(blobs: readonly Blob[]): { newest: readonly Blob[]; leftOut: LeftOut[] } {
  const newest = new Map<string, Blob>();
  const leftOut: LeftOut[] = [];
  for (const blob of blobs.toSorted((a, b) => b.written - a.written || (a.key < b.key ? 1 : -1))) {
    const chosen = newest.get(blob.name);
    if (chosen === undefined) newest.set(blob.name, blob);
    else leftOut.push({ key: blob.key, reason: `older than ${chosen.key}, which has the same name` });
  }
  return { newest: [...newest.values()], leftOut };
}

/** The blob, or why it cannot be a package. */
async function readBlob(
  bucket: Bucket,
  { key, modified }: Listed,
  isOfRelease: boolean,
): Promise<Blob | string> {
  let found: Awaited<ReturnType<Bucket['metadata']>>;
  try {
    found = await bucket.metadata(key);
  } catch (error) {
    if (statusOf(error) === 404) return DELETED;
    throw error;
  }
  const { name, sha256, 'created-at': createdAt, release, draft } = found.metadata;
  const tag = isOfRelease ? tagIn(release) : undefined;
  if (isOfRelease && tag === undefined) return 'the release in its metadata is missing, or not a tag';
  if (name === undefined || sha256 === undefined) return 'its metadata name or sha256 is missing';
  if (!isFileName(name)) return 'the name in its metadata is not a package name';
  if (!/^[0-9a-f]{64}$/.test(sha256)) return 'the sha256 in its metadata is not a digest';
  if (!isKeyOf(key, name)) return 'its key ends with another name than its metadata has';
  if (found.size === 0) return 'it is empty';
  const kept = createdAt === undefined ? Number.NaN : Date.parse(createdAt);
  return {
    key,
    name: tag === undefined ? name : nameInRelease(tag, name),
    isDraft: draft === 'true',
    sha256,
    size: found.size,
    written: modified,
    at: isPublishTime(kept) ? kept : clampTime(modified),
  };
}

/** As it stands in metadata. */
function tagIn(release: string | undefined): string | undefined {
  try {
    const tag = decodeURIComponent(release ?? '');
    return isReleaseTag(tag) ? tag : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The tags of releases without a record of which something was written for a draft. Whether they were published since is
 * not known.
 */
export function tagsOfLostDrafts(
  blobs: readonly Blob[],
  records: readonly StoredRecord[],
): ReadonlySet<string> {
  const tags = new Set(blobs.filter(({ isDraft }) => isDraft).map((blob) => folderTagOf(blob) ?? ''));
  for (const { record } of records) tags.delete(record.tag);
  return tags;
}

/** What is wrong with the bytes of a blob. Rejects when they cannot be read, which says nothing about them. */
async function flawOf(reader: BlobReader, blob: Blob): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of reader.open(packageOf(blob.name, blob), blob).read()) hash.update(chunk);
  } catch (error) {
    if (error instanceof StorageError && statusOf(error.cause) === 404) return DELETED;
    throw error;
  }
  const digest = hash.digest('hex');
  return digest === blob.sha256
    ? undefined
    : `its bytes have the SHA-256 ${digest}, and not ${blob.sha256} as its metadata says`;
}
