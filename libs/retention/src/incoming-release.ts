import { packageVersion, type PackageVersion, type Release, type ReleaseCatalog } from '#releases';
import { folderTagOf, type EvictionContext } from '#storage';

/** The release that is being published, as far as its packages and its record tell. */
export interface IncomingRelease {
  /** What is public of it already. */
  readonly stored: Release | undefined;
  readonly version: PackageVersion | undefined;
  readonly isPrerelease: boolean;
}

/** What comes together is of one release; undefined for nothing, and for a package without a version or a tag. */
export function incomingRelease(
  { incoming: [first], releases }: Pick<EvictionContext, 'incoming' | 'releases'>,
  catalog: ReleaseCatalog,
): IncomingRelease | undefined {
  if (first === undefined) return undefined;
  const version = packageVersion(first);
  const tag = folderTagOf(first) ?? version?.tag;
  if (tag === undefined) return undefined;
  const stored = catalog.byTag(tag);
  const own = releases.get(tag);
  const { isPrerelease = version?.isPrerelease ?? false } =
    (own?.isDraft === false ? own : stored?.record) ?? {};
  return { stored, version, isPrerelease };
}
