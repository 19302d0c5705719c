import { changedList, newestFirst, snapshotOf } from '../newest-first.js';
import type { Package, StoreSnapshot } from '../package-reader.js';
import type { ReleaseRecord } from '../release-record.js';
import { folderOf } from '../release-tag.js';

/** The names of the folders whose packages nobody sees. */
export function hiddenFolders(records: Iterable<ReleaseRecord>): ReadonlySet<string> {
  const folders = new Set<string>();
  for (const { tag, isDraft } of records) if (isDraft) folders.add(folderOf(tag));
  return folders;
}

/** Whether a package of that name lies in one of these folders. */
export function isIn(folders: ReadonlySet<string>, name: string): boolean {
  const slash = name.indexOf('/');
  return slash > 0 && folders.has(name.slice(0, slash));
}

/** All packages, each in its list. */
export function listed(
  packages: Iterable<Package>,
  releases: ReadonlyMap<string, ReleaseRecord>,
  hidden: ReadonlySet<string>,
): StoreSnapshot {
  const [shown, drafts]: [Package[], Package[]] = [[], []];
  for (const one of packages) (isIn(hidden, one.name) ? drafts : shown).push(one);
  return {
    packages: snapshotOf(shown.toSorted(newestFirst)),
    drafts: snapshotOf(drafts.toSorted(newestFirst)),
    releases,
  };
}

/** A list that is newest first, without some packages and with others: itself where that changes nothing. */
export function listWith(
  list: readonly Package[],
  gone: readonly Package[],
  come: readonly Package[],
): readonly Package[] {
  return gone.length + come.length === 0 ? list : snapshotOf(changedList(list, gone, come));
}
