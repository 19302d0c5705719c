import { listChanges, type Package, type ReleaseRecord, type StoreSnapshot } from '#storage';

import type { Changes, Comparison } from './incremental.js';

/** One thing of a snapshot: a public package, one of a draft, or what is stored of a release. */
export type SnapshotItem =
  { readonly stored: Package; readonly isDraft: boolean } | { readonly record: ReleaseRecord };

/** How snapshots differ; a look at each item costs a comparison of identity where it stayed. */
export const ofSnapshots: Comparison<StoreSnapshot, SnapshotItem> = {
  countOf: ({ packages, drafts, releases }) => packages.length + drafts.length + releases.size,
  changes(before, after) {
    const packages = packageChanges(before?.packages ?? [], after.packages, false);
    const drafts = packageChanges(before?.drafts ?? [], after.drafts, true);
    const records = recordChanges(before?.releases ?? new Map(), after.releases);
    return {
      removed: packages.removed.concat(drafts.removed, records.removed),
      added: packages.added.concat(drafts.added, records.added),
    };
  },
};

function packageChanges(
  before: readonly Package[],
  after: readonly Package[],
  isDraft: boolean,
): Changes<SnapshotItem> {
  if (before === after) return { removed: [], added: [] };
  const { removed, added } = listChanges(before, after);
  const item = (stored: Package): SnapshotItem => ({ stored, isDraft });
  return { removed: removed.map(item), added: added.map(item) };
}

function recordChanges(
  before: StoreSnapshot['releases'],
  after: StoreSnapshot['releases'],
): Changes<SnapshotItem> {
  if (before === after) return { removed: [], added: [] };
  const item = (record: ReleaseRecord): SnapshotItem => ({ record });
  const differ = (those: StoreSnapshot['releases'], others: StoreSnapshot['releases']): SnapshotItem[] =>
    [...those].filter(([tag, record]) => others.get(tag) !== record).map(([, record]) => item(record));
  return { removed: differ(before, after), added: differ(after, before) };
}
