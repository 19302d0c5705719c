import { catalogOf, tagOf } from '#releases';
import {
  fileOf,
  finderIn,
  folderTagOf,
  nameInRelease,
  StorageError,
  type Evict,
  type Package,
  type StoreSnapshot,
} from '#storage';

type Find = (name: string) => Package | undefined;

/**
 * The name of the other package that may be downloaded by that file name from the release of a package: one lies in the
 * folder of the release and the other in none. Undefined where there is no such folder.
 */
export function namesakeName(name: string, snapshot: StoreSnapshot): string | undefined {
  if (folderTagOf({ name }) !== undefined) return fileOf({ name });
  if (snapshot.isFlat === true) return undefined;
  const release = catalogOf(snapshot).byTag(tagOf({ name }));
  return release?.isTagged === true ? nameInRelease(release.tag, name) : undefined;
}

/**
 * The stored package of {@link namesakeName}, where it is in the release that a package of that name is in, or would be.
 *
 * @param find - The stored package of a name.
 */
export function namesakeOf(name: string, snapshot: StoreSnapshot, find: Find): Package | undefined {
  const other = namesakeName(name, snapshot);
  const existing = other === undefined ? undefined : find(other);
  // Of most names there is none, and then no catalog is needed.
  if (existing === undefined) return undefined;
  const catalog = catalogOf(snapshot);
  // None where what was found is newer than the snapshot.
  const release = catalog.byTag(tagOf({ name }));
  return release !== undefined && release === catalog.byTag(tagOf(existing)) ? existing : undefined;
}

/** What is said where a name is taken in that way. */
export function takenBy(existing: Package, tag: string | undefined): string {
  const where = tag === undefined ? 'Its release' : `The release ${tag}`;
  return `${where} has a package named ${fileOf(existing)} already, whose place this one would take.`;
}

/** Throws `package_exists` where a package that is to replace nothing would take the place of another one in its release. */
export function requireNoNamesake(name: string, snapshot: StoreSnapshot, find: Find): void {
  const existing = namesakeOf(name, snapshot, find);
  if (existing === undefined) return;
  throw new StorageError('package_exists', takenBy(existing, folderTagOf({ name })), { existing });
}

/** The same in the step of the publish itself, which a store asks of what becomes public. */
export function withoutNamesakes(evict: Evict): Evict {
  return (packages, context) => {
    const { incoming, releases } = context;
    const snapshot = context.snapshot ?? { packages, drafts: [], releases };
    const find = finderIn(packages, context);
    for (const { name } of incoming) requireNoNamesake(name, snapshot, find);
    return evict(packages, context);
  };
}
