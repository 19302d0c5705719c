import type { Readable } from 'node:stream';

/** One stored file. Immutable: another revision of the same name is another object. */
export interface Package {
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

/** Bytes that are received, hashed and durable, and visible to nobody. */
export interface StagedPackage {
  readonly id: string;
  /** Bytes. */
  readonly size: number;
  /** Hexadecimal SHA-256. */
  readonly sha256: string;
}

export interface StageOptions {
  /** Most bytes that are accepted. */
  readonly maxSize: number;
  /** Bytes that the sender announced, where known. */
  readonly size?: number | undefined;
  /** Bytes that the body has at most, where that is all that is known; room is kept for them. */
  readonly sizeAtMost?: number | undefined;
  /** Hexadecimal SHA-256 that the sender announced. */
  readonly sha256?: string | undefined;
  /** Ends the reception; `stage` rejects with the signal's reason and keeps nothing. */
  readonly signal?: AbortSignal | undefined;
}

/** What must be stored under the name for a publish to go ahead: nothing, whatever, something, or one of these revisions. */
export type PublishCondition = 'absent' | 'any' | 'present' | { readonly revisions: readonly string[] };

/** What must be stored under the name for a removal to go ahead. */
export type RemoveCondition = Exclude<PublishCondition, 'absent' | 'any'>;

/** What is about to be published. */
export type IncomingPackage = Pick<Package, 'name' | 'size' | 'createdAt'>;

/** What packages leave for, and when. */
export interface EvictionContext {
  /** Undefined at a prune. */
  readonly incoming: IncomingPackage | undefined;
  /** Milliseconds since the epoch by the store's clock, read once for each decision: no other clock is asked. */
  readonly now: number;
}

/** A package that leaves by retention. */
export interface Eviction {
  readonly package: Package;
  /** Why, in a few words for the log. */
  readonly reason: string;
}

/**
 * Chooses the packages that leave. Pure: the store calls it on the very state on which it decides, and again when it
 * has to retry. `packages` comes in no particular order and may hold the revision that the incoming one replaces.
 */
export type Evict = (packages: readonly Package[], context: EvictionContext) => readonly Eviction[];

export interface PublishOptions {
  readonly condition: PublishCondition;
  readonly evict: Evict;
  /**
   * Publish time to keep, in milliseconds since the epoch, of a package that moves here from another store. By default
   * now, and later than that of every other package.
   */
  readonly createdAt?: number | undefined;
}

export interface PublishResult {
  readonly package: Package;
  /** The revision that was overwritten. */
  readonly replaced: Package | undefined;
  readonly evicted: readonly Eviction[];
}

/** One revision of a package, pinned: it can be read whatever happens to its name meanwhile. */
export interface OpenPackage {
  readonly package: Package;
  /**
   * Reads the bytes from `start` to `end` inclusive, by default all, once. A chunk is valid only until the
   * next one is asked for: its memory is used again. Throws rather than yield fewer bytes than asked.
   */
  read(start?: number, end?: number): AsyncIterable<Uint8Array>;
  /** Lets the revision go. Safe to call twice. */
  close(): Promise<void>;
  /**
   * Where the bytes can be had without this server: gives an address that holds for a while and answers with this
   * `Content-Disposition`. Undefined where there is none, or where it is not wanted.
   */
  readonly redirect?: ((disposition: string) => Promise<string>) | undefined;
}

/**
 * Where packages live: the contract of every driver and its injection token.
 *
 * A package is either absent or whole: what is listed is complete and matches its digest. Every method may
 * reject with a {@link StorageError} `storage_failed`; further codes stand with the methods.
 */
export abstract class PackageStore {
  /** Where that is, in words for the log: `/data`, `the bucket releases`. */
  abstract readonly location: string;

  /**
   * All packages, newest first, then by name. The same array is returned until something changes, so that
   * what is made from it can be kept with it.
   */
  abstract list(): Promise<readonly Package[]>;

  /** The package of that name, or undefined (also for an impossible name). */
  abstract find(name: string): Promise<Package | undefined>;

  /** Pins the current revision for reading. Rejects with `package_not_found`. */
  abstract open(name: string): Promise<OpenPackage>;

  /** Rejects with `insufficient_storage` when `size` further bytes would not fit. For asking before a body is read. */
  abstract requireSpace(size: number): Promise<void>;

  /**
   * Rejects as {@link publish} would now, for the same name and condition. For asking before a body is read;
   * the answer that counts is that of `publish`.
   */
  abstract requireCondition(name: string, condition: PublishCondition): Promise<void>;

  /**
   * Receives a body durably where nobody can see it. Reads `body` no further after an error and leaves it
   * undestroyed, so that the caller can still answer its sender. Rejects with `package_empty`,
   * `package_too_large`, `checksum_mismatch`, `upload_incomplete`, `insufficient_storage`, or whatever error
   * `body` or `signal` carries.
   */
  abstract stage(body: Readable, options: StageOptions): Promise<StagedPackage>;

  /** Forgets what was staged. Does nothing when it is published or discarded already. */
  abstract discard(staged: StagedPackage): Promise<void>;

  /**
   * The only way in. Decides `condition`, removes what `evict` chooses and makes the staged bytes visible
   * under `name`, durably, in one step: all of it or nothing. Rejects with `invalid_package_name`,
   * `package_exists` (condition `absent`) or `precondition_failed` (other conditions); the staged bytes
   * remain to be discarded.
   */
  abstract publish(staged: StagedPackage, name: string, options: PublishOptions): Promise<PublishResult>;

  /** Removes a package durably and returns it. Rejects with `package_not_found` or `precondition_failed`. */
  abstract remove(name: string, condition?: RemoveCondition): Promise<Package>;

  /**
   * Removes what `evict` chooses, with nothing incoming, and returns it. Every start begins with it. A store that may
   * find packages that nobody has published to a server, such as files of a directory that was used for something else,
   * rejects with `foreign_packages` while `evict` chooses any of them, and lets go of what its start has made.
   */
  abstract prune(evict: Evict): Promise<readonly Eviction[]>;

  /** Resolves when a write would succeed now; rejects with what is wrong. */
  abstract probe(): Promise<void>;

  /**
   * Milliseconds since what {@link list}, {@link find} and {@link open} just answered was certainly the latest: 0 but for a
   * store that is answered for while it cannot be reached, or takes long to say what is the latest.
   */
  age(): number {
    return 0;
  }

  /** Waits for what is under way, then lets go of watchers, timers and descriptors. */
  abstract close(): Promise<void>;
}
