/** What the default policy goes by beside the number of packages. */
export interface RetentionRules {
  /** What leaves at a time where there are too many packages, or one is too old. */
  readonly evict: 'packages' | 'releases';
  /** How many stable releases stay, the newest; null for all. */
  readonly keepReleases: number | null;
  /** The same of pre-releases. */
  readonly keepPrereleases: number | null;
  /** Milliseconds after which something leaves; null for never. */
  readonly maxAgeMs: number | null;
  /** Patterns with `*` and `?`: of tags of releases and of names of files, which stay. */
  readonly protect: readonly string[];
  /** Whether the highest stable release stays, and the one that is marked as the latest. */
  readonly protectLatest: boolean;
}

export interface RetentionOptions {
  /** Most packages that are kept, by the default policy; null for no limit. */
  readonly maxPackages: number | null;
  /** Without, the default policy goes by the number alone. */
  readonly rules?: RetentionRules | undefined;
  /** Nothing is published, so nothing leaves. */
  readonly readOnly: boolean;
}

/** Injection token of {@link RetentionOptions}. */
export const RETENTION_OPTIONS = Symbol('RETENTION_OPTIONS');
