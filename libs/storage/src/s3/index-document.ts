import type { Package } from '../package-store.js';
import { StorageError } from '../storage.errors.js';

const FORMAT = 1;

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
  /** The change that let it go: a publish by its blob's key, others by an id of their own. */
  readonly by: string;
}

interface StoredIndex {
  readonly format: number;
  readonly seq: number;
  readonly last: number;
  readonly packages: Readonly<Record<string, Entry>>;
  readonly garbage: readonly Garbage[];
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

  static parse(text: string): IndexDocument {
    const stored = readIndex(text);
    if (stored === undefined) {
      throw new StorageError(
        'storage_failed',
        'The index cannot be read: see "Repair the index" in docs/storage.md.',
      );
    }
    const { format, seq, last, packages, garbage } = stored;
    if (format !== FORMAT) {
      throw new StorageError(
        'storage_failed',
        `The index has the format ${format}, and this version reads ${FORMAT}: run the version that wrote it, or a newer one.`,
      );
    }
    return new IndexDocument(seq, last, new Map(Object.entries(packages)), garbage);
  }

  serialize(): string {
    const packages = Object.fromEntries(this.packages);
    return JSON.stringify({ format: FORMAT, ...this.fields(), packages });
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
export function readIndex(text: string): StoredIndex | undefined {
  try {
    const value = JSON.parse(text) as StoredIndex | null;
    if (typeof value?.format !== 'number') return undefined;
    const isComplete = typeof value.packages === 'object' && Array.isArray(value.garbage);
    return value.format === FORMAT && !isComplete ? undefined : value;
  } catch {
    return undefined;
  }
}

export function packageOf(name: string, { size, sha256, at }: Omit<Entry, 'key'>): Package {
  return Object.freeze({ name, size, createdAt: at, sha256, version: `sha256:${sha256}` });
}

function newestFirst(a: Package, b: Package): number {
  return b.createdAt - a.createdAt || (a.name < b.name ? -1 : 1);
}
