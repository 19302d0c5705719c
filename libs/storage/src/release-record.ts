/** What is stored of a release beside its packages. Immutable: another version of it is another object. Times in ms since the epoch. */
export interface ReleaseRecord {
  readonly tag: string;
  readonly title?: string | undefined;
  /** Markdown, as it was sent. */
  readonly notes?: string | undefined;
  /** Whether its packages are hidden. */
  readonly isDraft: boolean;
  /** Undefined where the tag decides. */
  readonly isPrerelease?: boolean | undefined;
  /** Since when it was to be the latest release, or `never`; undefined where its version decides. */
  readonly latest?: number | 'never' | undefined;
  /** The branch or commit that it was made of, as the client said. */
  readonly target?: string | undefined;
  /** Who made it, in the words of its token. */
  readonly author?: string | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** When it became public; undefined for a draft that never was. */
  readonly publishedAt?: number | undefined;
  /** Labels of packages, by the names of their files. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** The label of a package; undefined where it has none. @param file - Of any name, also one that all objects have. */
export function labelOf(record: ReleaseRecord | undefined, file: string): string | undefined {
  const labels = record?.labels ?? {};
  return Object.hasOwn(labels, file) ? labels[file] : undefined;
}

/** The releases of a store that keeps none. */
export const NO_RELEASES: ReadonlyMap<string, ReleaseRecord> = new Map();

/** Bytes of a record's JSON at most. */
export const MAX_RECORD_BYTES = 1024 * 1024;
