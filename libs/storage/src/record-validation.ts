import { isFileName } from './package-name.js';
import { isPublishTime } from './publish-time.js';
import { MAX_RECORD_BYTES } from './release-record.js';
import { isReleaseTag } from './release-tag.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The first flaw of what was read, or is about to be stored, as the record of the release of that tag, with its place
 * (`.createdAt: not a time …`); undefined where it is one. Members that are not known are let through,
 * since a newer version may have written them.
 */
export function flawOfRecord(tag: string, value: unknown): string | undefined {
  if (!isReleaseTag(tag)) return ': not a tag of a release';
  if (!isFields(value)) return ': not an object';
  const { isDraft, isPrerelease, latest, publishedAt, labels } = value;
  if (value['tag'] !== tag) return '.tag: another one';
  // An own member of that name, as JSON can have it, would become the prototype of a copy.
  if (Object.hasOwn(value, '__proto__')) return '.__proto__: not a member of records';
  for (const field of ['title', 'notes', 'target', 'author']) {
    if (value[field] !== undefined && typeof value[field] !== 'string') return `.${field}: not a text`;
  }
  if (typeof isDraft !== 'boolean') return '.isDraft: neither true nor false';
  if (isPrerelease !== undefined && typeof isPrerelease !== 'boolean') {
    return '.isPrerelease: neither true nor false';
  }
  if (latest !== undefined && latest !== 'never' && !isPublishTime(latest)) return '.latest: not a time';
  for (const field of ['createdAt', 'updatedAt']) {
    if (!isPublishTime(value[field])) return `.${field}: not a time of the years 1970 to 9999`;
  }
  if (publishedAt !== undefined && !isPublishTime(publishedAt)) {
    return '.publishedAt: not a time of the years 1970 to 9999';
  }
  if (labels !== undefined && !isLabels(labels)) return '.labels: not texts by names of files';
  return Buffer.byteLength(JSON.stringify(value)) > MAX_RECORD_BYTES
    ? `: more than ${MAX_RECORD_BYTES} bytes`
    : undefined;
}

function isLabels(value: unknown): boolean {
  return (
    isFields(value) &&
    Object.entries(value).every(([file, label]) => isFileName(file) && typeof label === 'string')
  );
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
