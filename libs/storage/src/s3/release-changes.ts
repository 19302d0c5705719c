import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

import { alreadyExists, notFound } from '../conditions.js';
import { fileOf, nameInRelease } from '../package-name.js';
import type { Package } from '../package-reader.js';
import type {
  PackageCheck,
  ReleaseChange,
  ReleaseRemoval,
  ReleaseState,
  RemovedRelease,
  SavedRelease,
  SaveReleaseOptions,
} from '../package-store.js';
import type { ReleaseRecord } from '../release-record.js';
import { StorageError } from '../storage.errors.js';
import {
  assertNotCondemned,
  evictions,
  evictionsOf,
  garbageBy,
  tooLate,
  type Change,
} from './index-changes.js';
import { packageOf, type IndexDocument } from './index-document.js';
import { IndexEdit } from './index-edit.js';

/** What a change was prepared for is not so any more: it has to be prepared anew. */
export class OutOfDate extends Error {
  override readonly name = 'OutOfDate';
}

/** A record as a release is to have it, and where its copy lies. */
export interface PreparedRecord {
  readonly record: ReleaseRecord;
  readonly key: string;
  /** When it was made, in milliseconds since the epoch. */
  readonly now: number;
}

/** All that is known of a release. */
export function stateOf(index: IndexDocument, tag: string, now: number): ReleaseState {
  return { record: index.record(tag), packages: index.inFolder(tag), snapshot: index.snapshot(), now };
}

/**
 * A release gets the record that was prepared, or is left as it is where `change` says so of it. The change is known by the
 * key of the record's copy. Throws {@link OutOfDate} where `change` makes another record than that.
 */
export function saving(
  tag: string,
  change: ReleaseChange,
  { record, key, now }: PreparedRecord,
  evict: SaveReleaseOptions['evict'],
): Change<SavedRelease> {
  let decided: SavedRelease | undefined;
  return {
    settled: (index) => {
      const gone = index.releases.garbage.find((one) => one.key === key);
      if (gone?.why === 'orphan') throw tooLate(record.tag);
      if (gone === undefined && index.releases.records.get(record.tag)?.key !== key) return undefined;
      return decided && { ...decided, evicted: evictionsOf(garbageBy(index, key)) };
    },
    apply: (index) => {
      assertNotCondemned(index, key, record.tag);
      const state = stateOf(index, tag, now);
      const before = state.record;
      const made = change(state);
      if (made === before) {
        return { next: undefined, result: { record: made, before, published: [], evicted: [] } };
      }
      if (!isDeepStrictEqual(made, record)) throw new OutOfDate();
      if (record.tag !== tag) assertFree(index, record.tag);
      const edit = new IndexEdit(index, now, key);
      edit.setRecord(tag, undefined);
      edit.setRecord(record.tag, { key, record });
      const packages = state.packages.map((one) => {
        if (record.tag === tag) return one;
        const name = nameInRelease(record.tag, fileOf(one));
        edit.move(one.name, name);
        return Object.freeze({ ...one, name });
      });
      const isPublished = before?.isDraft === true && !record.isDraft;
      const releases = new Map(index.snapshot().releases);
      releases.delete(tag);
      releases.set(record.tag, record);
      const evicted = isPublished ? evictions(evict, index, { incoming: packages, now, releases }) : [];
      edit.evict(evicted);
      decided = { record, before, published: isPublished ? packages : [], evicted };
      return { next: edit.next(), result: decided };
    },
  };
}

/** A release is removed, with the packages in its folder and those that `also` chooses. */
export function removingRelease(tag: string, also: ReleaseRemoval): Change<RemovedRelease> {
  const by = randomUUID();
  let decided: RemovedRelease | undefined;
  return {
    settled: (index) => (garbageBy(index, by).length > 0 ? decided : undefined),
    apply: (index, now) => {
      const state = stateOf(index, tag, now);
      const packages = [...new Set([...state.packages, ...also(state)])];
      const edit = new IndexEdit(index, now, by);
      for (const { name } of packages) edit.letGo(name, { why: 'deleted' });
      edit.setRecord(tag, undefined);
      decided = { record: state.record, packages };
      const isNothing = packages.length === 0 && state.record === undefined;
      return { next: isNothing ? undefined : edit.next(), result: decided };
    },
  };
}

/**
 * A package gets another name, and the copy of its blob that was made for it. The change is known by the key of that copy.
 * Throws {@link OutOfDate} where the blob is not that of the package any more.
 */
export function renaming(
  from: string,
  to: string,
  { blob, copy }: { readonly blob: string; readonly copy: string },
  check?: PackageCheck,
): Change<Package> {
  return {
    settled: (index) => {
      const gone = index.allGarbage().find(({ key }) => key === copy);
      if (gone?.why === 'orphan') throw tooLate(to);
      const entry = gone ?? index.entry(to);
      return entry?.key === copy ? packageOf(to, entry) : undefined;
    },
    apply: (index, now) => {
      assertNotCondemned(index, copy, to);
      const entry = index.entry(from);
      if (entry === undefined) throw notFound(from);
      if (entry.key !== blob) throw new OutOfDate();
      check?.(index.isHidden(from));
      const existing = index.get(to);
      if (existing !== undefined) throw alreadyExists(to, existing);
      const edit = new IndexEdit(index, now, copy);
      edit.letGo(from, { why: 'deleted' });
      edit.put(to, { ...entry, key: copy });
      return { next: edit.next(), result: packageOf(to, entry) };
    },
  };
}

function assertFree(index: IndexDocument, tag: string): void {
  if (index.record(tag) === undefined && index.inFolder(tag).length === 0) return;
  throw new StorageError('release_exists', `There is a release with the tag ${tag} already.`);
}
