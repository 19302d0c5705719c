import { newestFirst, positionIn, snapshotOf } from '../newest-first.js';
import type { Package } from '../package-reader.js';
import { StorageError } from '../storage.errors.js';
import { flawOfIndex } from './index-validation.js';
import { IndexText, type MemberChanges } from './index-text.js';
import type { ObjectKeys } from './object-keys.js';

const FORMAT = 1;
/** Most bytes of an index: some 250,000 packages. A larger one is neither read nor written. */
export const MAX_INDEX_BYTES = 64 * 1024 * 1024;
/** So many changes of a list cost less one by one than together. */
const FEW = 16;
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

/** A blob that no package has any more, to be deleted a while later. */
export interface Garbage extends Entry {
  readonly name: string;
  /** When it left, in milliseconds since the epoch. */
  readonly since: number;
  /** `orphan`: it never was a package's. */
  readonly why: 'overwritten' | 'deleted' | 'evicted' | 'orphan';
  /** Why it was evicted, in the words of the policy. */
  readonly reason?: string | undefined;
  /** The change that let it go: a publish by its blob's key, others by an id of their own. */
  readonly by: string;
}

interface StoredIndex {
  readonly format: number;
  readonly seq: number;
  readonly last: number;
  readonly packages: Readonly<Record<string, Entry>>;
  readonly garbage: readonly Garbage[];
  /** What is wrong with it, where it has the format of this version. */
  readonly flaw: string | undefined;
}

/** Entries of some names: what they have, or undefined where they have nothing any more. */
type Changes = ReadonlyMap<string, Entry | undefined>;
const NONE: Changes = new Map();

/**
 * What is stored: the one object that is the truth. Immutable; what is written over it has the next `seq`. One that comes
 * of another by changes shares with it all that did not change: entries, packages, and their text.
 */
export class IndexDocument {
  /** All packages but for the changes. */
  private base: ReadonlyMap<string, Entry>;
  private changes: Changes = NONE;
  private listed: readonly Package[] | undefined;
  /** Once it was written or is made. */
  private text: IndexText | undefined;
  /** The one that has a text and came before it, and what of its packages has changed, until this has a text. */
  private ancestor:
    { readonly index: IndexDocument; readonly text: IndexText; readonly changes: Changes } | undefined;

  constructor(
    readonly seq: number,
    /** The latest publish time that was ever given. */
    readonly last: number,
    packages: ReadonlyMap<string, Entry>,
    readonly garbage: readonly Garbage[],
  ) {
    this.base = packages;
  }

  static readonly EMPTY = new IndexDocument(0, 0, new Map(), []);

  /** @param known - One that was read before: of what has not changed since, nothing is checked or made anew. */
  static parse(text: string, keys: ObjectKeys, known = IndexDocument.EMPTY): IndexDocument {
    const stored = readIndex(text, keys, known.packages);
    if (stored === undefined) {
      throw new StorageError(
        'storage_failed',
        'The index cannot be read: see "Repair the index" in docs/storage.md.',
      );
    }
    const { format, seq, last, packages, garbage, flaw } = stored;
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
    return known.with({ seq, last, packages: differences(known.packages, packages), garbage });
  }

  get packages(): ReadonlyMap<string, Entry> {
    if (this.changes.size > 0) {
      this.base = merged(this.base, this.changes);
      this.changes = NONE;
    }
    return this.base;
  }

  /** As it is stored. */
  serialize(): Buffer {
    this.text ??= this.write();
    this.ancestor = undefined;
    const { bytes } = this.text;
    if (bytes.length <= MAX_INDEX_BYTES) return bytes;
    throw new StorageError(
      'insufficient_storage',
      `The index of the bucket would be larger than ${MAX_INDEX_BYTES} bytes: delete packages, or lower max_packages.`,
    );
  }

  entry(name: string): Entry | undefined {
    return this.changes.has(name) ? this.changes.get(name) : this.base.get(name);
  }

  get(name: string): Package | undefined {
    const entry = this.entry(name);
    if (entry === undefined) return undefined;
    const list = this.list();
    return list[positionIn(list, { name, createdAt: entry.at })];
  }

  /** The keys of all blobs that are a package's or garbage. */
  keys(): Set<string> {
    return new Set([...this.packages.values(), ...this.garbage].map(({ key }) => key));
  }

  /** All packages, newest first; the same array each time. */
  list(): readonly Package[] {
    this.listed ??= snapshotOf(
      Array.from(this.packages, ([name, entry]) => packageOf(name, entry)).toSorted(newestFirst),
    );
    return this.listed;
  }

  /** This document with some packages in or out and other garbage. */
  with({
    seq = this.seq,
    last = this.last,
    packages = NONE,
    garbage = this.garbage,
  }: {
    readonly seq?: number;
    readonly last?: number;
    readonly packages?: Changes;
    readonly garbage?: readonly Garbage[];
  }): IndexDocument {
    const base = this.changes.size > MOST_CHANGES ? this.packages : this.base;
    const next = new IndexDocument(seq, last, base, garbage);
    next.changes = joined(this.changes, packages);
    next.listed = this.listed && this.listWith(this.listed, packages);
    next.ancestor = this.ancestorWith(packages);
    return next;
  }

  private ancestorWith(packages: Changes): IndexDocument['ancestor'] {
    const { text, ancestor } = this;
    if (text !== undefined) return { index: this, text, changes: packages };
    const changes = joined(ancestor?.changes ?? NONE, packages);
    return ancestor === undefined || changes.size > MOST_CHANGES ? undefined : { ...ancestor, changes };
  }

  private listWith(list: readonly Package[], changes: Changes): readonly Package[] {
    const gone: Package[] = [];
    const come: Package[] = [];
    for (const [name, now] of changes) {
      const before = this.get(name);
      if (before !== undefined) gone.push(before);
      if (now !== undefined) come.push(packageOf(name, now));
    }
    return gone.length + come.length === 0 ? list : snapshotOf(changed(list, gone, come));
  }

  private write(): IndexText {
    const head = `"format":${FORMAT},"seq":${this.seq},"last":${this.last}`;
    if (this.ancestor === undefined) {
      return IndexText.of(head, Array.from(this.packages, memberOf), this.garbage.map(garbageMemberOf));
    }
    const { index, text, changes } = this.ancestor;
    const membersOf = (entryOf: (name: string) => Entry | undefined): string[] =>
      [...changes.keys()].flatMap((name) => {
        const entry = entryOf(name);
        return entry === undefined ? [] : memberOf([name, entry]);
      });
    const packages = {
      gone: membersOf((name) => index.entry(name)),
      come: membersOf((name) => changes.get(name)),
    };
    return text.with(head, packages, garbageChanges(index.garbage, this.garbage));
  }
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

function joined(before: Changes, after: Changes): Changes {
  if (after.size === 0) return before;
  return before.size === 0 ? after : new Map([...before, ...after]);
}

function merged(packages: ReadonlyMap<string, Entry>, changes: Changes): Map<string, Entry> {
  const all = new Map(packages);
  for (const [name, entry] of changes) {
    if (entry === undefined) all.delete(name);
    else all.set(name, entry);
  }
  return all;
}

/** A list that is newest first, without some packages and with others. */
function changed(list: readonly Package[], gone: readonly Package[], come: readonly Package[]): Package[] {
  if (gone.length + come.length > FEW) {
    const left = new Set(gone);
    return [...list.filter((one) => !left.has(one)), ...come].toSorted(newestFirst);
  }
  const next = [...list];
  for (const one of gone) next.splice(positionIn(next, one), 1);
  for (const one of come) next.splice(positionIn(next, one), 0, one);
  return next;
}

function garbageMemberOf(one: Garbage): string {
  return JSON.stringify(one);
}

function memberOf([name, entry]: readonly [string, Entry]): string {
  return `${JSON.stringify(name)}:${JSON.stringify(entry)}`;
}

/** What an index says, whatever its format; undefined where the text is no index. Entries that are `known` are those. */
export function readIndex(
  text: string,
  { blobs }: ObjectKeys,
  known: ReadonlyMap<string, Entry> = new Map(),
): StoredIndex | undefined {
  try {
    const value = JSON.parse(text) as StoredIndex | null;
    if (typeof value?.format !== 'number') return undefined;
    if (value.format !== FORMAT) return { ...value, flaw: undefined };
    share(value.packages, known);
    return { ...value, flaw: flawOfIndex({ ...value }, blobs, known) };
  } catch {
    return undefined;
  }
}

/** Puts the entries that are known in the place of equal ones; whatever else is there is looked at afterwards. */
function share(packages: unknown, known: ReadonlyMap<string, Entry>): void {
  if (!isObject(packages)) return;
  for (const [name, entry] of known) if (isSame(packages[name], entry)) packages[name] = entry;
}

function isSame(one: unknown, entry: Entry): boolean {
  if (!isObject(one) || Object.keys(one).length !== Object.keys(entry).length) return false;
  return Object.entries(entry).every(([field, value]) => one[field] === value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function differences(before: ReadonlyMap<string, Entry>, now: Readonly<Record<string, Entry>>): Changes {
  const changes = new Map<string, Entry | undefined>();
  for (const [name, entry] of Object.entries(now)) if (before.get(name) !== entry) changes.set(name, entry);
  for (const name of before.keys()) if (!Object.hasOwn(now, name)) changes.set(name, undefined);
  return changes;
}

export function packageOf(name: string, { size, sha256, at }: Omit<Entry, 'key'>): Package {
  return Object.freeze({ name, size, createdAt: at, sha256, revision: `sha256:${sha256}` });
}
