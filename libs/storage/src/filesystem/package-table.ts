import { changedList, positionIn, snapshotOf } from '../newest-first.js';
import type { Package } from '../package-reader.js';

/** One revision of a file as the index knows it. */
export interface IndexEntry {
  readonly package: Package;
  readonly fingerprint: string;
}

/** What has become of names: an entry, or undefined where there is no package any more. */
export type IndexChanges = ReadonlyMap<string, IndexEntry | undefined>;

/** Lists go without new digests for this long while more files are being hashed. */
const DIGESTS_DELAY_MS = 1000;
/** Up to this many changes, entering them one by one is cheaper than copying all. */
const FEW_CHANGES = 16;

/** Packages by their names and in their order. The cost of a change does not grow with their number, except for moving pointers. */
export class PackageTable {
  private readonly entries = new Map<string, IndexEntry>();
  private sorted: Package[] = [];
  private snapshot: { readonly packages: readonly Package[]; readonly madeAt: number } | undefined;
  /** Whether digests have become known that the snapshot does not have. */
  private hasNewDigests = false;

  get(name: string): IndexEntry | undefined {
    return this.entries.get(name);
  }

  get size(): number {
    return this.entries.size;
  }

  names(): Iterable<string> {
    return this.entries.keys();
  }

  /**
   * Newest first, then by name; the same array until something changes. Digests enter it together: if each were a change,
   * everything made of the list would be rebuilt for nearly every request while a full directory is hashed.
   */
  list(isHashing: boolean): readonly Package[] {
    const now = performance.now();
    if (this.hasNewDigests) {
      const isDue = now - (this.snapshot?.madeAt ?? 0) >= DIGESTS_DELAY_MS || !isHashing;
      if (isDue) this.snapshot = undefined;
    }
    if (this.snapshot === undefined) {
      this.snapshot = { packages: snapshotOf(this.sorted.slice()), madeAt: now };
      this.hasNewDigests = false;
    }
    return this.snapshot.packages;
  }

  /** The latest publish time of all packages, 0 where there is none. */
  get latestTime(): number {
    return this.sorted[0]?.createdAt ?? 0;
  }

  set(entry: IndexEntry): void {
    this.delete(entry.package.name);
    this.entries.set(entry.package.name, entry);
    this.sorted.splice(positionIn(this.sorted, entry.package), 0, entry.package);
    this.snapshot = undefined;
  }

  delete(name: string): void {
    const before = this.entries.get(name);
    if (before === undefined) return;
    this.entries.delete(name);
    this.sorted.splice(positionIn(this.sorted, before.package), 1);
    this.snapshot = undefined;
  }

  apply(changes: IndexChanges): void {
    if (changes.size > FEW_CHANGES) {
      this.applyTogether(changes);
      return;
    }
    for (const [name, entry] of changes) {
      if (entry === undefined) this.delete(name);
      else this.set(entry);
    }
  }

  /** Enters a digest that has become known, of a package that is otherwise as it was. */
  complete(entry: IndexEntry): void {
    this.entries.set(entry.package.name, entry);
    this.sorted[positionIn(this.sorted, entry.package)] = entry.package;
    this.hasNewDigests = true;
  }

  private applyTogether(changes: IndexChanges): void {
    const gone: Package[] = [];
    const come: Package[] = [];
    for (const [name, entry] of changes) {
      const before = this.entries.get(name);
      if (before !== undefined) gone.push(before.package);
      if (entry === undefined) {
        this.entries.delete(name);
      } else {
        this.entries.set(name, entry);
        come.push(entry.package);
      }
    }
    if (gone.length + come.length === 0) return;
    this.sorted = changedList(this.sorted, gone, come);
    this.snapshot = undefined;
  }
}

/** A package's description; its revision is its digest, or until that is known the file's fingerprint. */
export function describe(
  name: string,
  size: number,
  createdAt: number,
  sha256: string | undefined,
  fingerprint: string,
): Package {
  const revision = sha256 === undefined ? fingerprint : `sha256:${sha256}`;
  return Object.freeze({ name, size, createdAt, sha256, revision });
}
