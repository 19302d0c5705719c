import { NO_RELEASES, type ReleaseRecord } from './release-record.js';

/** One stored file. Immutable: another revision of the same name is another object. */
export interface Package {
  /** That of the file, or `<folder>/<file>` where it lies in the folder of a release: see `nameInRelease` and `fileOf`. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Publish time in milliseconds since the epoch; the clock of retention. */
  readonly createdAt: number;
  /** Hexadecimal SHA-256 of the bytes; undefined until a file that was dropped in by hand is hashed. */
  readonly sha256: string | undefined;
  /** Opaque name of exactly these bytes, `sha256:<hex>` once the digest is known. Fit for an ETag. */
  readonly revision: string;
}

/** One revision of a package, pinned: it can be read whatever happens to its name meanwhile. */
export interface OpenPackage {
  readonly package: Package;
  /**
   * Reads the bytes from `start` to `end` inclusive, by default all; any number of times, also at once. A chunk is valid
   * only until the next one of the same read is asked for: its memory is used again. Throws rather than yield fewer bytes
   * than asked.
   */
  read(start?: number, end?: number): AsyncIterable<Uint8Array>;
  /** Lets the revision go, after which reads may fail with `storage_failed`, those in flight too. Safe to call twice. */
  close(): Promise<void>;
  /**
   * Where the bytes can be had without this server: gives an address that holds for a while and answers with this
   * `Content-Disposition`. Undefined where there is none, or where it is not wanted.
   */
  readonly redirect?: ((disposition: string) => Promise<string>) | undefined;
}

/** What is stored at one moment. Immutable, and the same object until something changes. */
export interface StoreSnapshot {
  /** The public ones: what {@link PackageReader.list} returns. */
  readonly packages: readonly Package[];
  /** Those in the folders of drafts, newest first, then by name. */
  readonly drafts: readonly Package[];
  /** By tag. A release whose packages tell all that is known of it has none. */
  readonly releases: ReadonlyMap<string, ReleaseRecord>;
  /** Whether it is known that no package lies in the folder of a release. Only from a store that needs no search for it. */
  readonly isFlat?: boolean;
}

/** Which packages a reader gets beside the public ones. */
export interface ReadOptions {
  /** Also those of drafts. */
  readonly drafts?: boolean | undefined;
}

/** How a reader gets all there is. */
export interface SnapshotOptions {
  /** Whether a store that others write to is asked for the latest, whatever it knows: for who does not find something. */
  readonly latest?: boolean | undefined;
}

/** A package with its bytes. */
export interface PackageContent {
  readonly package: Package;
  /** Shared: nobody writes to it. */
  readonly bytes: Buffer;
}

const snapshots = new WeakMap<readonly Package[], StoreSnapshot>();

function withoutReleases(packages: readonly Package[]): StoreSnapshot {
  const known = snapshots.get(packages);
  if (known !== undefined) return known;
  const snapshot = { packages, drafts: [], releases: NO_RELEASES };
  snapshots.set(packages, snapshot);
  return snapshot;
}

/** Where packages are read: what those get who only read, and its injection token. */
export abstract class PackageReader {
  /** Where that is, in words for the log: `/data`, `the bucket releases`. */
  abstract readonly location: string;

  /**
   * All public packages, newest first, then by name. The same array is returned until something changes, so that
   * what is made from it can be kept with it.
   */
  abstract list(): Promise<readonly Package[]>;

  /** The package of that name, or undefined (also for an impossible name). */
  abstract find(name: string, options?: ReadOptions): Promise<Package | undefined>;

  /** Pins the current revision for reading. Rejects with `package_not_found`. */
  abstract open(name: string, options?: ReadOptions): Promise<OpenPackage>;

  /** All of it at one moment. Of a store that keeps no releases by folder that is the list. */
  async snapshot(_options?: SnapshotOptions): Promise<StoreSnapshot> {
    return withoutReleases(await this.list());
  }

  /** What {@link snapshot} would resolve to, where that is known without a look at the store. */
  peekSnapshot(): StoreSnapshot | undefined {
    const packages = this.peekList();
    return packages && withoutReleases(packages);
  }

  /** What {@link list} would resolve to, where that is known without a look at the store; undefined where it is not. */
  peekList(): readonly Package[] | undefined {
    return undefined;
  }

  /** A package that {@link open} would read from memory, without a look at the store; undefined where it would not. */
  peekContent(_name: string): PackageContent | undefined {
    return undefined;
  }

  /**
   * Milliseconds since what {@link list}, {@link find} and {@link open} just answered was certainly the latest: 0 but for a
   * store that is answered for while it cannot be reached, or takes long to say what is the latest.
   */
  age(): number {
    return 0;
  }
}
