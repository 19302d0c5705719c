import { newestFirst } from '../newest-first.js';
import type { Package } from '../package-reader.js';

/** One revision of a file as the index knows it. */
export interface IndexEntry {
  readonly package: Package;
  readonly fingerprint: string;
}

/** Lists go without new digests for this long while more files are being hashed. */
const DIGESTS_DELAY_MS = 1000;

/** Packages by their names, and what is known of all of them together. */
export class PackageTable {
  private readonly entries = new Map<string, IndexEntry>();
  private snapshot: { readonly packages: readonly Package[]; readonly madeAt: number } | undefined;
  /** Whether digests have become known that the snapshot does not have. */
  private hasNewDigests = false;
  /** The latest publish time; undefined when the package that had it has left, until somebody asks. */
  private latest: number | undefined = 0;

  get(name: string): IndexEntry | undefined {
    return this.entries.get(name);
  }

  names(): Iterable<string> {
    return this.entries.keys();
  }

  /** All packages: the list where that is made, so that what is made of it is shared, else in no particular order. */
  packages(): readonly Package[] {
    return this.snapshot?.packages ?? Array.from(this.entries.values(), (entry) => entry.package);
  }

  /**
   * Newest first, then by name; the same array until something changes. Digests enter it together: if each were a change,
   * everything made of the list would be made again for nearly every request while a full directory is hashed.
   */
  list(isHashing: boolean): readonly Package[] {
    const now = performance.now();
    if (this.hasNewDigests) {
      const isDue = now - (this.snapshot?.madeAt ?? 0) >= DIGESTS_DELAY_MS || !isHashing;
      if (isDue) this.snapshot = undefined;
    }
    if (this.snapshot === undefined) {
      this.snapshot = { packages: Object.freeze(this.packages().toSorted(newestFirst)), madeAt: now };
      this.hasNewDigests = false;
    }
    return this.snapshot.packages;
  }

  /** The latest publish time of all packages, 0 where there is none. */
  get latestTime(): number {
    return (this.latest ??= this.packages().reduce(
      (latest, { createdAt }) => Math.max(latest, createdAt),
      0,
    ));
  }

  set(entry: IndexEntry): void {
    const { latest } = this;
    const { name, createdAt } = entry.package;
    this.delete(name);
    this.entries.set(name, entry);
    this.snapshot = undefined;
    if (latest !== undefined && createdAt >= latest) this.latest = createdAt;
  }

  delete(name: string): void {
    const before = this.entries.get(name);
    if (before === undefined) return;
    this.entries.delete(name);
    this.snapshot = undefined;
    if (before.package.createdAt === this.latest) this.latest = undefined;
  }

  /** Enters a digest that has become known, of a package that is otherwise as it was. */
  complete(entry: IndexEntry): void {
    this.entries.set(entry.package.name, entry);
    this.hasNewDigests = true;
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
