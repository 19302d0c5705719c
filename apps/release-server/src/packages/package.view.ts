import { packageVersion } from '#releases';
import { fileOf, folderTagOf, type Eviction, type Package, type PublishResult } from '#storage';

import { digestOf } from '../http/digest.js';

/** A package as the API tells of it. */
export interface PackageView {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** ISO 8601. */
  readonly created_at: string;
  /** Hexadecimal; null until a file that was dropped in by hand is hashed. */
  readonly sha256: string | null;
  /** Absolute download address. */
  readonly url: string;
  /** The tag of its release; null where it has none. */
  readonly release: string | null;
}

/** A package that made room for another one. */
export interface EvictedView {
  readonly name: string;
  /** The tag of its release; null where it had none. */
  readonly release: string | null;
  /** Bytes. */
  readonly size: number;
  /** `sha256:<hex>`; null for a file that was dropped in by hand and was not hashed yet. */
  readonly digest: string | null;
}

/** A package as the answer to its publication tells of it. */
export interface PublishedView extends PackageView {
  /** What retention removed in the same step. */
  readonly evicted: readonly EvictedView[];
}

export function publishedView({ package: published, evicted }: PublishResult, base: string): PublishedView {
  return {
    ...packageView(published, base, packageVersion(published)?.tag),
    evicted: evicted.map(evictedView),
  };
}

export function evictedView({ package: left }: Eviction): EvictedView {
  return {
    name: fileOf(left),
    release: folderTagOf(left) ?? packageVersion(left)?.tag ?? null,
    size: left.size,
    digest: digestOf(left),
  };
}

/** Makes the absolute address of a package. */
export type UrlOf = (stored: Pick<Package, 'name'>, base: string) => string;

/**
 * @param tag - Of its release where the folder that it lies in does not say it.
 * @param urlOf - For readers, whose links are signed where reads ask for a token.
 */
export function packageView(
  stored: Package,
  base: string,
  tag: string | undefined,
  urlOf: UrlOf = packageUrl,
): PackageView {
  return {
    name: fileOf(stored),
    size: stored.size,
    created_at: new Date(stored.createdAt).toISOString(),
    sha256: stored.sha256 ?? null,
    url: urlOf(stored, base),
    release: folderTagOf(stored) ?? tag ?? null,
  };
}

/** The absolute download address of a package, percent-encoded, a slash in a tag too. */
export function packageUrl(stored: Pick<Package, 'name'>, base: string): string {
  const [tag, file] = [folderTagOf(stored), encodeURIComponent(fileOf(stored))];
  return tag === undefined
    ? `${base}/assets/${file}`
    : `${base}/releases/download/${encodeURIComponent(tag)}/${file}`;
}
