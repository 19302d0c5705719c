import type { Package, PublishResult } from '#storage';

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
}

/** A package that made room for another one. */
interface EvictedView {
  readonly name: string;
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
    ...packageView(published, base),
    evicted: evicted.map(({ package: left }) => ({
      name: left.name,
      size: left.size,
      digest: digestOf(left),
    })),
  };
}

export function packageView(stored: Package, base: string): PackageView {
  return {
    name: stored.name,
    size: stored.size,
    created_at: new Date(stored.createdAt).toISOString(),
    sha256: stored.sha256 ?? null,
    url: assetUrl(stored.name, base),
  };
}

/** The absolute, percent-encoded download address of a package. */
export function assetUrl(name: string, base: string): string {
  return `${base}/assets/${encodeURIComponent(name)}`;
}
