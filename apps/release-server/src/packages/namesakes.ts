import { catalogOf, packageVersion } from '#releases';
import { fileOf, folderTagOf, StorageError, type Evict, type Package, type StoreSnapshot } from '#storage';

/**
 * The package that is downloaded by that file name from the release that a package of that name is in, or would be: one lies in
 * the folder of the release and the other in none, so that the names under which they are stored differ.
 */
export function namesakeOf(name: string, snapshot: StoreSnapshot): Package | undefined {
  const file = fileOf({ name });
  const isNamesake = (other: Package): boolean => other.name !== name && fileOf(other) === file;
  // Of most names there is none, and then no catalog is needed.
  if (!snapshot.packages.some((other) => other.name.endsWith(file) && isNamesake(other))) return undefined;
  const tag = folderTagOf({ name }) ?? packageVersion({ name })?.tag;
  return tag === undefined ? undefined : catalogOf(snapshot).byTag(tag)?.assets.find(isNamesake);
}

/** What is said where a name is taken in that way. */
export function takenBy(existing: Package, tag: string | undefined): string {
  const where = tag === undefined ? 'Its release' : `The release ${tag}`;
  return `${where} has a package named ${fileOf(existing)} already, whose place this one would take.`;
}

/** Throws `package_exists` where a package that is to replace nothing would take the place of another one in its release. */
export function requireNoNamesake(name: string, snapshot: StoreSnapshot): void {
  const existing = namesakeOf(name, snapshot);
  if (existing === undefined) return;
  throw new StorageError('package_exists', takenBy(existing, folderTagOf({ name })), { existing });
}

/** The same in the step of the publish itself, which a store asks of what becomes public. */
export function withoutNamesakes(evict: Evict): Evict {
  return (packages, context) => {
    const snapshot = context.snapshot ?? { packages, drafts: [], releases: context.releases };
    for (const { name } of context.incoming) requireNoNamesake(name, snapshot);
    return evict(packages, context);
  };
}
