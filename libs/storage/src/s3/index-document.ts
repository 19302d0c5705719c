import { newestFirst } from '../newest-first.js';
import type { Package } from '../package-reader.js';
import { StorageError } from '../storage.errors.js';
import { flawOfIndex } from './index-validation.js';
import type { ObjectKeys } from './object-keys.js';

const FORMAT = 1;
/** Most bytes of an index: some 250,000 packages. A larger one is neither read nor written. */
export const MAX_INDEX_BYTES = 64 * 1024 * 1024;

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

/** What is stored: the one object that is the truth. Immutable; what is written over it has the next `seq`. */
export class IndexDocument {
  private listed: readonly Package[] | undefined;

  constructor(
    readonly seq: number,
    /** The latest publish time that was ever given. */
    readonly last: number,
    readonly packages: ReadonlyMap<string, Entry>,
    readonly garbage: readonly Garbage[],
  ) {}

  static readonly EMPTY = new IndexDocument(0, 0, new Map(), []);

  static parse(text: string, keys: ObjectKeys): IndexDocument {
    const stored = readIndex(text, keys);
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
    return new IndexDocument(seq, last, new Map(Object.entries(packages)), garbage);
  }

  serialize(): string {
    const packages = Object.fromEntries(this.packages);
    const text = JSON.stringify({ format: FORMAT, ...this.fields(), packages });
    if (text.length <= MAX_INDEX_BYTES) return text;
    throw new StorageError(
      'insufficient_storage',
      `The index of the bucket would be larger than ${MAX_INDEX_BYTES} bytes: delete packages, or lower max_packages.`,
    );
  }

  get(name: string): Package | undefined {
    const entry = this.packages.get(name);
    return entry === undefined ? undefined : packageOf(name, entry);
  }

  /** The keys of all blobs that are a package's or garbage. */
  keys(): Set<string> {
    return new Set([...this.packages.values(), ...this.garbage].map(({ key }) => key));
  }

  /** All packages, newest first; the same array each time. */
  list(): readonly Package[] {
    this.listed ??= [...this.packages].map(([name, entry]) => packageOf(name, entry)).toSorted(newestFirst);
    return this.listed;
  }

  /** This document with some packages in or out and other garbage. */
  with(change: {
    readonly seq?: number;
    readonly last?: number;
    readonly packages?: ReadonlyMap<string, Entry>;
    readonly garbage?: readonly Garbage[];
  }): IndexDocument {
    const { seq, last, packages, garbage } = { ...this.fields(), ...change };
    return new IndexDocument(seq, last, packages, garbage);
  }

  private fields() {
    const { seq, last, packages, garbage } = this;
    return { seq, last, packages, garbage };
  }
}

/** What an index says, whatever its format; undefined where the text is no index. */
export function readIndex(text: string, { blobs }: ObjectKeys): StoredIndex | undefined {
  try {
    const value = JSON.parse(text) as StoredIndex | null;
    if (typeof value?.format !== 'number') return undefined;
    const flaw = value.format === FORMAT ? flawOfIndex({ ...value }, blobs) : undefined;
    return { ...value, flaw };
  } catch {
    return undefined;
  }
}

export function packageOf(name: string, { size, sha256, at }: Omit<Entry, 'key'>): Package {
  return Object.freeze({ name, size, createdAt: at, sha256, revision: `sha256:${sha256}` });
}
