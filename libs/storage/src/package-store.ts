import type { Readable } from 'node:stream';

import type { Evict, Eviction } from './eviction.js';
import { PackageReader, type Package, type StoreSnapshot } from './package-reader.js';
import type { ReleaseRecord } from './release-record.js';
import { StorageError } from './storage.errors.js';

/** Bytes that are received, hashed and durable, and visible to nobody. */
export interface StagedPackage {
  readonly id: string;
  /** Bytes. */
  readonly size: number;
  /** Hexadecimal SHA-256. */
  readonly sha256: string;
}

/** What is known of the bytes of an upload before they come, and what bounds them. */
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
  /** Whether nobody else has the chunks of the body, so that a store may release their memory once it has taken them. */
  readonly ownsChunks?: boolean | undefined;
}

/** What must be stored under the name for a publish to go ahead: nothing, whatever, something, or one of these revisions. */
export type PublishCondition = 'absent' | 'any' | 'present' | { readonly revisions: readonly string[] };

/** What must be stored under the name for a removal to go ahead. */
export type RemoveCondition = Exclude<PublishCondition, 'absent' | 'any'>;

/** What decides about a publish, and who hears of it. */
export interface PublishOptions {
  readonly condition: PublishCondition;
  readonly evict: Evict;
  /**
   * Publish time to keep, in milliseconds since the epoch, of a package that moves here from another store. By default
   * now, and later than that of every other package.
   */
  readonly createdAt?: number | undefined;
  /** See {@link Committed}. */
  readonly committed?: Committed<PublishResult> | undefined;
}

/**
 * Called once when a write is durable, before its promise resolves; for writes of one store in the order in which they
 * took effect, in which their promises need not resolve. Never throws.
 */
export type Committed<T> = (result: T) => void;

/**
 * Asked whether a package may be removed or renamed, of the very state on which a store decides, and again when it has to
 * retry. What it throws refuses the change. @param isDraft - Whether it lies in the folder of a draft, so that nobody sees it.
 */
export type PackageCheck = (isDraft: boolean) => void;

/** What decides about a change of a package that is stored, and who hears of it. */
export interface ChangeOptions {
  readonly check?: PackageCheck | undefined;
  /** See {@link Committed}. */
  readonly committed?: Committed<Package> | undefined;
}

export interface RemoveOptions extends ChangeOptions {
  /** By default `present`. */
  readonly condition?: RemoveCondition | undefined;
}

/** What a publish has done. */
export interface PublishResult {
  readonly package: Package;
  /** The revision that was overwritten. */
  readonly replaced: Package | undefined;
  readonly evicted: readonly Eviction[];
  /** Whether it lies in the folder of a draft, so that nobody sees it yet. */
  readonly isDraft?: boolean | undefined;
}

/** What is stored of one release when a change of it is decided. */
export interface ReleaseState {
  readonly record: ReleaseRecord | undefined;
  /** The packages in its folder. */
  readonly packages: readonly Package[];
  /** All that is stored. */
  readonly snapshot: StoreSnapshot;
  /** Milliseconds since the epoch by the store's clock. */
  readonly now: number;
}

/**
 * Makes the record that a release gets of the one that it has. Pure: a store calls it on the very state on which it
 * decides, and again when it has to retry. What it throws refuses the change, and is what {@link PackageStore.saveRelease}
 * rejects with. May return the record that is there, which changes nothing.
 */
export type ReleaseChange = (state: ReleaseState) => ReleaseRecord;

export interface SaveReleaseOptions {
  readonly evict: Evict;
  /** See {@link Committed}. */
  readonly committed?: Committed<SavedRelease> | undefined;
}

/** What a change of a release has done. */
export interface SavedRelease {
  readonly record: ReleaseRecord;
  readonly before: ReleaseRecord | undefined;
  /** The packages that became public with it, newest first, then by name. */
  readonly published: readonly Package[];
  readonly evicted: readonly Eviction[];
}

/**
 * Chooses the packages that leave with a release beside those in its folder. Pure, as {@link ReleaseChange}; throws
 * `release_not_found` where there is nothing to remove.
 */
export type ReleaseRemoval = (state: ReleaseState) => readonly Package[];

/** A release that is gone. */
export interface RemovedRelease {
  readonly record: ReleaseRecord | undefined;
  /** All that left with it. */
  readonly packages: readonly Package[];
}

/**
 * Where packages live: the contract of every driver and its injection token.
 *
 * A package is either absent or whole: what is listed is complete and matches its digest. Every method may
 * reject with a {@link StorageError} `storage_failed`; further codes stand with the methods.
 */
export abstract class PackageStore extends PackageReader {
  /** Rejects with `insufficient_storage` when `size` further bytes would not fit. For asking before a body is read. */
  abstract requireSpace(size: number): Promise<void>;

  /**
   * Rejects as {@link publish} would now, for the same name and condition. For asking before a body is read;
   * the answer that counts is that of `publish`.
   *
   * @param check - `cached` leaves to `publish` what takes a look at the disk, for bodies that cost less than that.
   */
  abstract requireCondition(
    name: string,
    condition: PublishCondition,
    check?: 'full' | 'cached',
  ): Promise<void>;

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
   *
   * A name in the folder of a release makes that folder where it is not. Where the release is a draft the package stays
   * hidden, and `evict` is not asked.
   */
  abstract publish(staged: StagedPackage, name: string, options: PublishOptions): Promise<PublishResult>;

  /**
   * Removes a package durably and returns it. Rejects with `package_not_found`, `precondition_failed` or what `check`
   * throws.
   */
  abstract remove(name: string, options?: RemoveOptions): Promise<Package>;

  /**
   * Gives a package of a release another file name, durably; times and bytes stay. A crash may leave it under both names.
   * Rejects with `package_not_found`, `invalid_package_name`, `package_exists` or what `check` throws.
   */
  async rename(_name: string, _file: string, _options?: ChangeOptions): Promise<Package> {
    throw noReleases();
  }

  /**
   * Stores what `change` makes of a release's record, durably, in one step. Where a draft becomes public all its packages
   * appear in that step, and what `evict` chooses leaves in it; where a release becomes a draft they are hidden.
   * A record with another tag moves the release and its folder to that tag. Rejects with `invalid_release_tag`,
   * `release_exists` where the other tag has a record or packages, or what `change` throws.
   */
  async saveRelease(
    _tag: string,
    _change: ReleaseChange,
    _options: SaveReleaseOptions,
  ): Promise<SavedRelease> {
    throw noReleases();
  }

  /**
   * Removes a release durably in one step: its record, the packages in its folder and what `also` chooses of the others.
   * Rejects with what `also` throws.
   */
  async removeRelease(
    _tag: string,
    _also: ReleaseRemoval,
    _committed?: Committed<RemovedRelease>,
  ): Promise<RemovedRelease> {
    throw noReleases();
  }

  /**
   * Removes what `evict` chooses, with nothing incoming, and returns it. Every start begins with it. A store that may
   * find packages that nobody has published to a server, such as files of a directory that was used for something else,
   * rejects with `foreign_packages` while `evict` chooses any of them, and lets go of what its start has made.
   */
  abstract prune(evict: Evict): Promise<readonly Eviction[]>;

  /** Resolves when a write would succeed now; rejects with what is wrong. */
  abstract probe(): Promise<void>;

  /** Waits for what is in flight, then lets go of watchers, timers and descriptors. */
  abstract close(): Promise<void>;
}

function noReleases(): StorageError {
  return new StorageError(
    'releases_unsupported',
    'This store keeps packages only: a release is what their names say.',
  );
}
