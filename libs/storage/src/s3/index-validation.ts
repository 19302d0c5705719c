import { isFileName, isPackageName } from '../package-name.js';
import { isPublishTime } from '../publish-time.js';
import { flawOfRecord } from '../record-validation.js';
import { isReleaseTag } from '../release-tag.js';
import { isKeyOf, isKeyOfRecord, type ObjectKeys } from './object-keys.js';

/** Most characters of a text from the index that a message shows. */
const SHOWN = 60;
const REASONS = new Set<unknown>(['overwritten', 'deleted', 'evicted', 'orphan']);

type Fields = Readonly<Record<string, unknown>>;

/** What was read before and need not be looked at again: by name, and by tag. */
export interface Known {
  readonly packages: ReadonlyMap<string, unknown>;
  readonly records: ReadonlyMap<string, unknown>;
}

/** What names and keys have to be: those of flat packages, or those of packages in folders of releases. */
interface Rules {
  readonly isName: (name: string) => boolean;
  /** What the keys begin with. */
  readonly prefix: string;
  readonly isReason: (why: unknown) => boolean;
}

/**
 * The first flaw of what was parsed as an index, with its place, or undefined. What is read from a store is held to the
 * rules of what is received, for it goes into links, lines to copy, paths and deletions all the same.
 *
 * @param where - Where blobs lie; no other object is the server's to read or delete.
 */
export function flawOfIndex(index: Fields, where: ObjectKeys, known: Known): string | undefined {
  const { seq, last, releases } = index;
  if (!isCount(seq)) return 'seq: not a whole number';
  if (!isPublishTime(last)) return 'last: not a time of the years 1970 to 9999';
  const flat: Rules = { isName: isFileName, prefix: where.blobs, isReason: (why) => REASONS.has(why) };
  const flaw = flawOfPackages(index, flat, new Set(), known);
  if (flaw !== undefined || releases === undefined) return flaw;
  if (!isObject(releases)) return 'releases: not an object';
  const flawOfThese = flawOfReleases(releases, where.ofReleases, known);
  return flawOfThese === undefined ? undefined : `releases.${flawOfThese}`;
}

function flawOfReleases(releases: Fields, prefix: string, known: Known): string | undefined {
  const { since, records } = releases;
  if (!isPublishTime(since)) return 'since: not a time of the years 1970 to 9999';
  if (!isObject(records)) return 'records: not an object';
  const keys = new Set<unknown>();
  for (const [tag, stored] of Object.entries(records)) {
    const flaw = known.records.get(tag) === stored ? undefined : flawOfStoredRecord(tag, stored, prefix);
    if (flaw !== undefined) return `records[${shown(tag)}]${flaw}`;
    keys.add((stored as Fields)['key']);
  }
  const rules: Rules = {
    isName: (name) => name.includes('/') && isPackageName(name),
    prefix,
    isReason: (why) => why === 'record' || REASONS.has(why),
  };
  return flawOfPackages(releases, rules, keys, known);
}

function flawOfStoredRecord(tag: string, stored: unknown, prefix: string): string | undefined {
  if (!isObject(stored)) return ': not an object';
  const { key, record } = stored;
  if (!isKey(key, prefix) || !isKeyOfRecord(key)) return '.key: not the key of a record';
  const flaw = flawOfRecord(tag, record);
  return flaw === undefined ? undefined : `.record${flaw}`;
}

/** @param keys - Those that no garbage may have. */
function flawOfPackages(
  { packages, garbage }: Fields,
  rules: Rules,
  keys: Set<unknown>,
  known: Known,
): string | undefined {
  if (!isObject(packages)) return 'packages: not an object';
  if (!Array.isArray(garbage)) return 'garbage: not a list';
  for (const [name, entry] of Object.entries(packages)) {
    const flaw = known.packages.get(name) === entry ? undefined : flawOfEntry(name, entry, rules);
    if (flaw !== undefined) return `packages[${shown(name)}]${flaw}`;
    keys.add((entry as Fields)['key']);
  }
  for (const [at, one] of garbage.entries()) {
    const flaw = keys.has((one as Fields | null)?.['key'])
      ? '.key: the blob of a package'
      : flawOfGarbage(one as unknown, rules);
    if (flaw !== undefined) return `garbage[${at}]${flaw}`;
  }
  return undefined;
}

function flawOfEntry(name: unknown, entry: unknown, { isName, prefix }: Rules): string | undefined {
  if (typeof name !== 'string' || !isName(name)) return ': not a package name';
  if (!isObject(entry)) return ': not an object';
  const { key, size, sha256, at } = entry;
  if (!isKey(key, prefix) || !isKeyOf(key, name)) return `.key: not the key of a blob of that name`;
  if (!isCount(size)) return '.size: not a number of bytes';
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) return '.sha256: not a digest';
  return isPublishTime(at) ? undefined : '.at: not a time of the years 1970 to 9999';
}

function flawOfGarbage(one: unknown, rules: Rules): string | undefined {
  if (!isObject(one)) return ': not an object';
  const { name, key, since, why, reason, endsRelease, by } = one;
  if (!isPublishTime(since)) return '.since: not a time of the years 1970 to 9999';
  if (!rules.isReason(why)) return '.why: not a reason';
  if (reason !== undefined && typeof reason !== 'string') return '.reason: not a text';
  if (endsRelease !== undefined && !(typeof endsRelease === 'string' && isReleaseTag(endsRelease))) {
    return '.endsRelease: not a tag of a release';
  }
  if (typeof by !== 'string') return '.by: not a text';
  if (why !== 'orphan' && why !== 'record') return flawOfEntry(name, one, rules);
  // Of an orphan nothing is known but its key.
  return isKey(key, rules.prefix) ? undefined : '.key: not the key of a blob';
}

function isKey(value: unknown, prefix: string): value is string {
  return typeof value === 'string' && value.startsWith(prefix) && value.length > prefix.length;
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
