import type { Package } from '#storage';

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
