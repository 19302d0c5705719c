/** What may be done. None includes another. */
export const SCOPES = ['read', 'publish', 'overwrite', 'delete', 'admin'] as const;

export type Scope = (typeof SCOPES)[number];

/** What is asked to be done, and to what. */
export interface Access {
  /** To `publish` is to make something under a name that is free, to `overwrite` to change or replace what is there. */
  readonly scope: Scope;
  /** File name of the package, without the folder; undefined where it is about a release as a whole, or the server. */
  readonly file?: string | undefined;
  /** Tag of the release. A package in no folder has that of the version in its name, or none. */
  readonly release?: string | undefined;
}

/** What it is about, for people: `a.zip in the release v1.0`. */
export function describeAccess({ file, release }: Access): string | undefined {
  if (release === undefined) return file;
  return file === undefined ? `the release ${release}` : `${file} in the release ${release}`;
}
