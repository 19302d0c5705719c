import { isFileName } from '../package-name.js';
import { isPublishTime } from '../publish-time.js';
import { isKeyOf } from './object-keys.js';

/** Most characters of a text from the index that a message shows. */
const SHOWN = 60;
const REASONS = new Set<unknown>(['overwritten', 'deleted', 'evicted', 'orphan']);

type Fields = Readonly<Record<string, unknown>>;

/**
 * The first flaw of what was parsed as an index, with its place, or undefined. What is read from a store is held to the
 * rules of what is received, for it goes into links, lines to copy, paths and deletions all the same.
 *
 * @param blobs - What the keys of all blobs begin with; no other object is the server's to read or delete.
 * @param known - Entries that need not be looked at again.
 */
export function flawOfIndex(
  { seq, last, packages, garbage }: Fields,
  blobs: string,
  known: ReadonlyMap<string, unknown>,
): string | undefined {
  if (!isCount(seq)) return 'seq: not a whole number';
  if (!isPublishTime(last)) return 'last: not a time of the years 1970 to 9999';
  if (!isObject(packages)) return 'packages: not an object';
  if (!Array.isArray(garbage)) return 'garbage: not a list';
  const keys = new Set<unknown>();
  for (const [name, entry] of Object.entries(packages)) {
    const flaw = known.has(name) && known.get(name) === entry ? undefined : flawOfEntry(name, entry, blobs);
    if (flaw !== undefined) return `packages[${shown(name)}]${flaw}`;
    keys.add((entry as Fields)['key']);
  }
  for (const [at, one] of garbage.entries()) {
    const flaw = keys.has((one as Fields | null)?.['key'])
      ? '.key: the blob of a package'
      : flawOfGarbage(one as unknown, blobs);
    if (flaw !== undefined) return `garbage[${at}]${flaw}`;
  }
  return undefined;
}

function flawOfEntry(name: unknown, entry: unknown, blobs: string): string | undefined {
  if (typeof name !== 'string' || !isFileName(name)) return ': not a package name';
  if (!isObject(entry)) return ': not an object';
  const { key, size, sha256, at } = entry;
  if (!isKey(key, blobs) || !isKeyOf(key, name)) return `.key: not the key of a blob of that name`;
  if (!isCount(size)) return '.size: not a number of bytes';
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) return '.sha256: not a digest';
  return isPublishTime(at) ? undefined : '.at: not a time of the years 1970 to 9999';
}

function flawOfGarbage(one: unknown, blobs: string): string | undefined {
  if (!isObject(one)) return ': not an object';
  const { name, key, since, why, reason, by } = one;
  if (!isPublishTime(since)) return '.since: not a time of the years 1970 to 9999';
  if (!REASONS.has(why)) return '.why: not a reason';
  if (reason !== undefined && typeof reason !== 'string') return '.reason: not a text';
  if (typeof by !== 'string') return '.by: not a text';
  if (why !== 'orphan') return flawOfEntry(name, one, blobs);
  // Of an orphan nothing is known but its key.
  return isKey(key, blobs) ? undefined : '.key: not the key of a blob';
}

function isKey(value: unknown, blobs: string): value is string {
  return typeof value === 'string' && value.startsWith(blobs) && value.length > blobs.length;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** For a log: of bounded length, and without characters that mean something to a terminal. */
function shown(text: string): string {
  const start = JSON.stringify(text.slice(0, SHOWN)).replaceAll(/[^ -~]/gu, '?');
  return text.length > SHOWN ? `${start}…` : start;
}
