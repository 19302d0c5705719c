import semver, { type SemVer } from 'semver';

/** The version that a package's name carries. */
export interface PackageVersion {
  /** As written in the name, with its `v` where it has one: the release's tag. */
  readonly tag: string;
  readonly semver: SemVer;
}

const EXTENSIONS = /(?:\.(?:[A-Za-z][A-Za-z0-9]{0,9}|7z))+$/;
/**
 * `1.2.3`, with what makes it a pre-release: a word that says so (`-rc1`, `-beta.2`), or any word with a
 * number behind a dot (`-hotfix.1`). Other words are platforms: `1.2.3-linux-x64`.
 * A number is read in one way only: a second one, such as digits that may be one group or many, takes time that
 * doubles with every digit.
 */
const VERSION =
  /(?<![A-Za-z0-9.])(v?\d+\.\d+\.\d+(?:-(?:(?:alpha|beta|rc|pre|preview|dev|snapshot|nightly|canary|next)(?![A-Za-z])\d*(?:[.-]\d+)*|[A-Za-z]+(?:\.\d+)+))?(?:\+[0-9A-Za-z.-]+)?)(?![A-Za-z0-9]|\.\d)/i;

/** Finds the version in a package's name, before its extensions; undefined for a name without one. */
export function versionOf(name: string): PackageVersion | undefined {
  const tag = VERSION.exec(name.replace(EXTENSIONS, ''))?.[1];
  const parsed = semver.parse(tag?.replace(/^v/i, ''), { loose: true });
  return tag === undefined || parsed === null ? undefined : { tag, semver: parsed };
}
