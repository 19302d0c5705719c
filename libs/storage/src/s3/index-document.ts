import { isDeepStrictEqual } from 'node:util';

import { positionIn } from '../newest-first.js';
import type { Package, StoreSnapshot } from '../package-reader.js';
import type { ReleaseRecord } from '../release-record.js';
import { folderOf } from '../release-tag.js';
import { StorageError } from '../storage.errors.js';
import { hiddenFolders, isIn, listed, listWith } from './index-listing.js';
import { flawOfIndex, type Known } from './index-validation.js';
import { IndexText, type IndexHeads, type MemberChanges } from './index-text.js';
import type { ObjectKeys } from './object-keys.js';

const FORMAT = 1;
/** Most bytes of an index: some 250,000 packages. A larger one is neither read nor written. */
export const MAX_INDEX_BYTES = 64 * 1024 * 1024;
/** So many changes are kept beside the packages, or the text, that they change. */
const MOST_CHANGES = 256;

/** Where the bytes of a package lie, and what they are. */
export interface Entry {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Hexadecimal SHA-256. */
  readonly sha256: string;
  /** Publish time in milliseconds since the epoch. */
  readonly at: number;
}

/** A blob that nothing needs any more, to be deleted a while later. */
export interface Garbage extends Entry {
  readonly name: string;
  /** When it left, in milliseconds since the epoch. */
  readonly since: number;
  /** `orphan`: it never was a package's. `record`: it is the copy of a record that was replaced or removed. */
  readonly why: 'overwritten' | 'deleted' | 'evicted' | 'orphan' | 'record';
  /** Why it was evicted, in the words of the policy. */
  readonly reason?: string | undefined;
  /** The tag of the release that it was the last package of. */
  readonly endsRelease?: string | undefined;
  /** The change that let it go: a publish by its blob's key, others by an id of their own. */
  readonly by: string;
}

/** The record of a release. */
export interface StoredRecord {
  /** Of its copy. */
  readonly key: string;
  readonly record: ReleaseRecord;
}

/** What an index says of releases, beside the packages in their folders. */
export interface ReleaseIndex {
  /**
   * Since when indexes of this bucket say anything of releases, in milliseconds since the epoch. Versions of the server
   * that know of none leave it out of what they write; blobs of releases that are older may then be packages that were lost. Later
   * than the clock says by as much as clocks may be apart, for the store says how old blobs are.
   */
  readonly since: number;
  /** By tag. */
  readonly records: ReadonlyMap<string, StoredRecord>;
  readonly garbage: readonly Garbage[];
}

/** How far clocks may be apart: a store refuses requests of a server whose clock is further off than that. */
const MAX_SKEW_MS = 15 * 60_000;
const NO_RELEASES: ReleaseIndex = { since: 0, records: new Map(), garbage: [] };

/** An index as JSON, once nothing is wrong with it. Packages in folders of releases are kept apart from the others. */
interface StoredIndex {
  readonly format: number;
  readonly seq: number;
  readonly last: number;
  readonly packages: Readonly<Record<string, Entry>>;
  readonly garbage: readonly Garbage[];
  readonly releases?: {
    readonly since: number;
    readonly records: Readonly<Record<string, StoredRecord>>;
    readonly packages: Readonly<Record<string, Entry>>;
    readonly garbage: readonly Garbage[];
  };
  /** What is wrong with it, where it has the format of this version. */
  readonly flaw: string | undefined;
}

/** What some names, or tags, have now; undefined where they have nothing any more. */
type Changes<T> = ReadonlyMap<string, T | undefined>;
const NONE: Changes<never> = new Map<string, never>();

/** What is known of a version of an index, to be changed in another. */
interface IndexChanges {
  readonly seq?: number;
  readonly last?: number;
  readonly packages?: Changes<Entry>;
  readonly garbage?: readonly Garbage[];
  readonly releases?: ReleaseIndex;
}

/** An index that has a text and came before another, and what of its packages has changed since. */
interface Ancestor {
  readonly index: IndexDocument;
  readonly text: IndexText;
  readonly changes: Changes<Entry>;
}

/**
 * What is stored: the one object that is the truth. Immutable; what is written over it has the next `seq`. One that comes
 * of another by changes shares with it all that did not change: entries, packages, and their text.
 */
export class IndexDocument {
  /** All packages but for the changes. */
  private base: ReadonlyMap<string, Entry>;
  private changes: Changes<Entry> = NONE;
  private shown: StoreSnapshot | undefined;
  private drafts: ReadonlySet<string> | undefined;
  /** Once it was written or is made. */
  private text: IndexText | undefined;
  /** Until this has a text. */
  private ancestor: Ancestor | undefined;

  /** @param packages - By name, also those in the folders of releases. */
  constructor(
    readonly seq: number,
    /** The latest publish time that was ever given. */
    readonly last: number,
    packages: ReadonlyMap<string, Entry>,
    /** That of packages in no folder. */
    readonly garbage: readonly Garbage[],
    readonly releases: ReleaseIndex = NO_RELEASES,
  ) {
    this.base = packages;
  }

  static readonly EMPTY = new IndexDocument(0, 0, new Map(), []);

  /** @param known - One that was read before: of what has not changed since, nothing is checked or made anew. */
  static parse(text: string, keys: ObjectKeys, known = IndexDocument.EMPTY): IndexDocument {
    const stored = readIndex(text, keys, {
      packages: known.packages,
      records: known.releases.records,
    });
    if (stored === undefined) {
      throw new StorageError(
        'storage_failed',
        'The index cannot be read: see "Repair the index" in docs/storage.md.',
      );
    }
    const { format, seq, last, packages, garbage, releases, flaw } = stored;
    if (format !== FORMAT) {
      throw new StorageError(
        'storage_failed',
        `The index has the format ${format}, and this version reads ${FORMAT}: run the version that wrote it, or a newer one.`,
      );
    }
    // Refused as a whole: what was left out would be collected as garbage once the rest is written again.
    if (flaw !== undefined) {
      throw new StorageError(
        'storage_failed',
        'The index is not valid: see "Repair the index" in docs/storage.md.',
        { cause: new Error(flaw) },
      );
    }
    const { since = Date.now() + MAX_SKEW_MS, records = {}, packages: inFolders = {} } = releases ?? {};
    return known.with({
      seq,
      last,
      packages: differences(known.packages, packages, inFolders),
      garbage,
      releases: {
        since,
        records: withChanges(known.releases.records, differences(known.releases.records, records)),
        garbage: releases?.garbage ?? [],
      },
    });
  }

  /** By name, also those in the folders of releases. */
  get packages(): ReadonlyMap<string, Entry> {
    this.base = withChanges(this.base, this.changes);
    this.changes = NONE;
    return this.base;
  }

  /** As it is stored, in pieces. */
  serialize(): readonly Buffer[] {
    this.text ??= this.write();
    this.ancestor = undefined;
    const { pieces, size } = this.text;
    if (size <= MAX_INDEX_BYTES) return pieces;
    throw new StorageError(
      'insufficient_storage',
      `The index of the bucket would be larger than ${MAX_INDEX_BYTES} bytes: delete packages, or lower max_packages.`,
    );
  }

  entry(name: string): Entry | undefined {
    return this.changes.has(name) ? this.changes.get(name) : this.base.get(name);
  }

  /** The package of that name, be it hidden or not. */
  get(name: string): Package | undefined {
    const entry = this.entry(name);
    if (entry === undefined) return undefined;
    const { packages, drafts } = this.snapshot();
    const list = this.isHidden(name) ? drafts : packages;
    return list[positionIn(list, { name, createdAt: entry.at })];
  }

  /** Whether a package of that name lies in the folder of a draft. */
  isHidden(name: string): boolean {
    return isIn(this.hidden, name);
  }

  /** The packages in the folder of a release, newest first. */
  inFolder(tag: string): readonly Package[] {
    const start = `${folderOf(tag)}/`;
    const { packages, drafts } = this.snapshot();
    const list = this.isHidden(start) ? drafts : packages;
    return list.filter(({ name }) => name.startsWith(start));
  }

  record(tag: string): ReleaseRecord | undefined {
    return this.releases.records.get(tag)?.record;
  }

  /** Whatever nothing needs any more. */
  allGarbage(): readonly Garbage[] {
    return [...this.garbage, ...this.releases.garbage];
  }

  /** The keys of all blobs that are a package's, a record's or garbage. */
  keys(): Set<string> {
    const known = [...this.packages.values(), ...this.releases.records.values(), ...this.allGarbage()];
    return new Set(known.map(({ key }) => key));
  }

  /** All public packages, newest first; the same array each time. */
  list(): readonly Package[] {
    return this.snapshot().packages;
  }

  /** All that readers see; the same object each time. */
  snapshot(): StoreSnapshot {
    this.shown ??= listed(
      Array.from(this.packages, ([name, entry]) => packageOf(name, entry)),
      recordsOf(this.releases),
      this.hidden,
    );
    return this.shown;
  }

  /** This document with some packages in or out, and other garbage and records. */
  with({
    seq = this.seq,
    last = this.last,
    packages = NONE,
    garbage = this.garbage,
    releases = this.releases,
  }: IndexChanges): IndexDocument {
    const base = this.changes.size > MOST_CHANGES ? this.packages : this.base;
    const next = new IndexDocument(seq, last, base, garbage, releases);
    next.changes = joined(this.changes, packages);
    if (releases.records === this.releases.records) next.drafts = this.drafts;
    next.shown = this.shown && this.shownWith(this.shown, packages, next);
    next.ancestor = this.ancestorWith(packages);
    return next;
  }

  private get hidden(): ReadonlySet<string> {
    this.drafts ??= hiddenFolders(recordsOf(this.releases).values());
    return this.drafts;
  }

  private ancestorWith(packages: Changes<Entry>): Ancestor | undefined {
    const { text, ancestor } = this;
    if (text !== undefined) return { index: this, text, changes: packages };
    const changes = joined(ancestor?.changes ?? NONE, packages);
    return ancestor === undefined || changes.size > MOST_CHANGES ? undefined : { ...ancestor, changes };
  }

  private shownWith(shown: StoreSnapshot, changes: Changes<Entry>, next: IndexDocument): StoreSnapshot {
    const areRecordsSame = next.releases.records === this.releases.records;
    if (changes.size === 0 && areRecordsSame) return shown;
    const gone: Package[] = [];
    const come: Package[] = [];
    for (const [name, now] of changes) {
      const before = this.get(name);
      if (before !== undefined) gone.push(before);
      if (now !== undefined) come.push(packageOf(name, now));
    }
    if (!areRecordsSame) {
      // What appears and what disappears, of that which stays.
      for (const one of [...shown.packages, ...shown.drafts]) {
        if (this.isHidden(one.name) === next.isHidden(one.name) || changes.has(one.name)) continue;
        gone.push(one);
        come.push(one);
      }
    }
    const wasHidden = ({ name }: Package): boolean => this.isHidden(name);
    const isHidden = ({ name }: Package): boolean => next.isHidden(name);
    return {
      packages: listWith(shown.packages, gone.filter(not(wasHidden)), come.filter(not(isHidden))),
      drafts: listWith(shown.drafts, gone.filter(wasHidden), come.filter(isHidden)),
      releases: areRecordsSame ? shown.releases : recordsOf(next.releases),
    };
  }

  private write(): IndexText {
    const { ancestor, releases } = this;
    const heads = {
      index: `"format":${FORMAT},"seq":${this.seq},"last":${this.last}`,
      releases: `"since":${releases.since}`,
    };
    const changed = ancestor && this.writeChanges(heads, ancestor);
    if (changed !== undefined) return changed;
    const all = Array.from(this.packages, memberOf);
    const [inFolders, flat] = parted(this.packages.keys(), all);
    return IndexText.of(heads, {
      packages: flat,
      garbage: this.garbage.map(garbageMemberOf),
      records: Array.from(releases.records, memberOf),
      packagesInFolders: inFolders,
      garbageOfFolders: releases.garbage.map(garbageMemberOf),
    });
  }

  private writeChanges(heads: IndexHeads, { index, text, changes }: Ancestor): IndexText | undefined {
    const { releases } = this;
    const names = [...changes.keys()];
    const ofPackages = (where: readonly string[]): MemberChanges => ({
      gone: membersOf(where, (name) => index.entry(name)),
      come: membersOf(where, (name) => changes.get(name)),
    });
    const [inFolders, flat] = parted(names, names);
    return text.with(heads, {
      packages: ofPackages(flat),
      garbage: garbageChanges(index.garbage, this.garbage),
      records: recordChanges(index.releases.records, releases.records),
      packagesInFolders: ofPackages(inFolders),
      garbageOfFolders: garbageChanges(index.releases.garbage, releases.garbage),
    });
  }
}

function not<T>(holds: (of: T) => boolean): (of: T) => boolean {
  return (of) => !holds(of);
}

const recordsByIndex = new WeakMap<ReadonlyMap<string, StoredRecord>, ReadonlyMap<string, ReleaseRecord>>();

/** The records alone; the same map each time for the same ones. */
function recordsOf({ records }: ReleaseIndex): ReadonlyMap<string, ReleaseRecord> {
  const known = recordsByIndex.get(records);
  if (known !== undefined) return known;
  const alone = new Map(Array.from(records, ([tag, { record }]) => [tag, Object.freeze(record)]));
  recordsByIndex.set(records, alone);
  return alone;
}

/** What is of packages in folders, and of the others. */
function parted<T>(names: Iterable<string>, of: readonly T[]): [T[], T[]] {
  const parts: [T[], T[]] = [[], []];
  let at = 0;
  for (const name of names) parts[name.includes('/') ? 0 : 1].push(of[at++] as T);
  return parts;
}

function membersOf(names: Iterable<string>, of: (name: string) => unknown): string[] {
  return [...names].flatMap((name) => {
    const value = of(name);
    return value === undefined ? [] : memberOf([name, value]);
  });
}

function recordChanges(
  before: ReadonlyMap<string, StoredRecord>,
  now: ReadonlyMap<string, StoredRecord>,
): MemberChanges {
  if (before === now) return { gone: [], come: [] };
  const changed = (from: typeof before, to: typeof before): string[] =>
    membersOf(from.keys(), (tag) => (from.get(tag) === to.get(tag) ? undefined : from.get(tag)));
  return { gone: changed(before, now), come: changed(now, before) };
}

/** As a rule garbage grows; the collector takes some out now and then, and then all of it is written. */
function garbageChanges(
  before: readonly Garbage[],
  now: readonly Garbage[],
): MemberChanges | readonly string[] {
  const isGrown = before.every((one, at) => one === now[at]);
  return isGrown
    ? { gone: [], come: now.slice(before.length).map(garbageMemberOf) }
    : now.map(garbageMemberOf);
}

function joined<T>(before: Changes<T>, after: Changes<T>): Changes<T> {
  if (after.size === 0) return before;
  return before.size === 0 ? after : new Map([...before, ...after]);
}

export function withChanges<T>(before: ReadonlyMap<string, T>, changes: Changes<T>): ReadonlyMap<string, T> {
  if (changes.size === 0) return before;
  const all = new Map(before);
  for (const [name, value] of changes) {
    if (value === undefined) all.delete(name);
    else all.set(name, value);
  }
  return all;
}

function garbageMemberOf(one: Garbage): string {
  return JSON.stringify(one);
}

function memberOf([name, value]: readonly [string, unknown]): string {
  return `${JSON.stringify(name)}:${JSON.stringify(value)}`;
}

/** What an index says, whatever its format; undefined where the text is no index. What is `known` of it is that. */
export function readIndex(
  text: string,
  keys: ObjectKeys,
  known: {
    readonly packages: ReadonlyMap<string, Entry>;
    readonly records: ReadonlyMap<string, StoredRecord>;
  } = {
    packages: new Map(),
    records: new Map(),
  },
): StoredIndex | undefined {
  try {
    const value = JSON.parse(text) as StoredIndex | null;
    if (typeof value?.format !== 'number') return undefined;
    if (value.format !== FORMAT) return { ...value, flaw: undefined };
    share(value, known);
    return { ...value, flaw: flawOfIndex({ ...value }, keys, known) };
  } catch {
    return undefined;
  }
}

/** Puts what is known in the place of what is equal; whatever else is there is looked at afterwards. */
function share({ packages, releases }: { packages: unknown; releases?: unknown }, known: Known): void {
  const { packages: inFolders, records } = isObject(releases) ? releases : {};
  for (const [name, entry] of known.packages) {
    const where = name.includes('/') ? inFolders : packages;
    if (isObject(where) && isSame(where[name], entry)) where[name] = entry;
  }
  for (const [tag, stored] of known.records) {
    if (isObject(records) && isDeepStrictEqual(records[tag], stored)) records[tag] = stored;
  }
}

function isSame(one: unknown, entry: unknown): boolean {
  if (!isObject(one) || !isObject(entry) || Object.keys(one).length !== Object.keys(entry).length)
    return false;
  return Object.entries(entry).every(([field, value]) => one[field] === value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function differences<T>(
  before: ReadonlyMap<string, T>,
  ...now: readonly Readonly<Record<string, T>>[]
): Changes<T> {
  const changes = new Map<string, T | undefined>();
  for (const part of now) {
    for (const [name, value] of Object.entries(part))
      if (before.get(name) !== value) changes.set(name, value);
  }
  for (const name of before.keys()) {
    if (!now.some((part) => Object.hasOwn(part, name))) changes.set(name, undefined);
  }
  return changes;
}

export function packageOf(name: string, { size, sha256, at }: Omit<Entry, 'key'>): Package {
  return Object.freeze({ name, size, createdAt: at, sha256, revision: `sha256:${sha256}` });
}
