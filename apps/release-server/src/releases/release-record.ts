import type { Release, ReleaseCatalog } from '#releases';
import { fileOf, MAX_RECORD_BYTES, notFound, StorageError, type Package, type ReleaseRecord } from '#storage';

import { invalid, type ReleaseFields } from './release-fields.js';

/** The record of a release that has none yet. @param now - Milliseconds since the epoch. */
export function newRecord(tag: string, author: string, now: number): ReleaseRecord {
  return { tag, author, isDraft: false, createdAt: now, updatedAt: now };
}

/** What is known of a release of packages without a record, as a record. */
export function impliedRecord({ tag, isDraft, createdAt, publishedAt }: Release, now: number): ReleaseRecord {
  return { tag, isDraft, createdAt, updatedAt: now, publishedAt };
}

/** The record with what a client says of it. */
export function recordWith(record: ReleaseRecord, fields: ReleaseFields, now: number): ReleaseRecord {
  const { tag = record.tag, isDraft = record.isDraft, isPrerelease = record.isPrerelease } = fields;
  const isPublished = !isDraft && (record.isDraft || record.publishedAt === undefined);
  return {
    ...record,
    tag,
    title: textOf(fields.title, record.title),
    notes: textOf(fields.notes, record.notes),
    target: textOf(fields.target, record.target),
    isDraft,
    isPrerelease,
    latest: latestOf(fields, record, isPublished, now),
    updatedAt: now,
    publishedAt: isPublished ? now : record.publishedAt,
  };
}

/** The record with another label of a package; none where it is empty. */
export function recordLabelled(
  record: ReleaseRecord,
  file: string,
  label: string,
  now: number,
): ReleaseRecord {
  const { [file]: _before, ...others } = record.labels ?? {};
  return { ...record, labels: label === '' ? others : { ...others, [file]: label }, updatedAt: now };
}

/** The record as it is stored: without labels of packages that are gone. Throws `invalid_parameter` where it is too large. */
export function storable(record: ReleaseRecord, release: Release | undefined): ReleaseRecord {
  const files = new Set(release?.assets.map(fileOf));
  const labels = Object.entries(record.labels ?? {}).filter(([file]) => files.has(file));
  const stored = { ...record, labels: labels.length === 0 ? undefined : Object.fromEntries(labels) };
  if (Buffer.byteLength(JSON.stringify(stored)) > MAX_RECORD_BYTES) {
    throw invalid('label', `what is said of a release has at most ${MAX_RECORD_BYTES} bytes`);
  }
  return stored;
}

/**
 * The release as it is when a change of it is decided. Throws `release_not_found`, and `release_exists` where a draft has
 * the record of its tag.
 */
export function releaseIn(catalog: ReleaseCatalog, { tag, isDraft }: ReleaseName): Release {
  const draft = catalog.draftByTag(tag);
  const release = isDraft ? draft : catalog.byTag(tag);
  if (release === undefined) throw new StorageError('release_not_found', `There is no release ${tag}.`);
  if (!isDraft && draft !== undefined) {
    const refusal = `There is a draft of ${tag}: publish or delete that first.`;
    throw new StorageError('release_exists', refusal, { isDraft: true });
  }
  return release;
}

/** The same, also where it was published meanwhile, or hidden: what is said of it can be said of both. */
export function releaseNow(catalog: ReleaseCatalog, { tag, isDraft }: ReleaseName): Release {
  const hasTurned = (isDraft ? catalog.draftByTag(tag) : catalog.byTag(tag)) === undefined;
  return releaseIn(catalog, { tag, isDraft: hasTurned !== isDraft });
}

/** The release that a package is in, in whichever revision. Throws `package_not_found`. */
export function releaseWith(catalog: ReleaseCatalog, stored: Package): Release {
  const found = catalog.assetById(catalog.assetId(stored));
  if (found?.name !== stored.name) throw notFound(stored.name);
  return catalog.releaseOf(found);
}

/** What tells a release from all others. */
export type ReleaseName = Pick<Release, 'tag' | 'isDraft'>;

function textOf(said: string | undefined, before: string | undefined): string | undefined {
  return (said ?? before) || undefined;
}

/** A draft that is marked is the latest from when it is published. */
function latestOf(
  { latest }: ReleaseFields,
  record: ReleaseRecord,
  isPublished: boolean,
  now: number,
): ReleaseRecord['latest'] {
  if (latest === 'auto') return undefined;
  if (latest === 'never') return latest;
  return latest === 'yes' || (isPublished && typeof record.latest === 'number') ? now : record.latest;
}
