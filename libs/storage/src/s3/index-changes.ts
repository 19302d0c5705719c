import { randomUUID } from 'node:crypto';

import { assertCondition, notFound } from '../conditions.js';
import type { Evict, Eviction } from '../eviction.js';
import type { Package } from '../package-reader.js';
import type { PublishOptions, PublishResult, RemoveOptions } from '../package-store.js';
import { publishTime } from '../publish-time.js';
import { StorageError } from '../storage.errors.js';
import { packageOf, type Entry, type Garbage, type IndexDocument } from './index-document.js';
import { grown, IndexEdit, withoutPackage } from './index-edit.js';

/** A change of the index, decided again on every version of it that it meets. */
export interface Change<T> {
  /** What came of it, if this version has it already: an answer that was lost is settled by this. */
  settled(index: IndexDocument): T | undefined;
  /** The version that follows, or undefined to leave it; throws the {@link StorageError} of a refusal. */
  apply(index: IndexDocument, now: number): { readonly next: IndexDocument | undefined; readonly result: T };
}

/** A blob becomes the package of that name. It is known by its key, which no other publish has. */
export function publishing(
  name: string,
  blob: Omit<Entry, 'at'>,
  { condition, evict, createdAt }: PublishOptions,
): Change<PublishResult> {
  return {
    settled: (index) => {
      const condemned = index.allGarbage().find(({ key }) => key === blob.key);
      const entry = condemned ?? index.entry(name);
      if (entry?.key !== blob.key) return undefined;
      if (condemned?.why === 'orphan') throw tooLate(name);
      const gone = garbageBy(index, blob.key);
      return {
        package: packageOf(name, entry),
        replaced: gone.filter(({ why }) => why === 'overwritten').map(packageOfGarbage)[0],
        evicted: evictionsOf(gone),
        isDraft: index.isHidden(name),
      };
    },
    apply: (index, now) => {
      assertNotCondemned(index, blob.key, name);
      const existing = index.get(name);
      assertCondition(name, condition, existing);
      const entry: Entry = { ...blob, at: publishTime(createdAt, now, index.last) };
      const isDraft = index.isHidden(name);
      const incoming = [{ name, size: blob.size, createdAt: entry.at }];
      const evicted = isDraft ? [] : evictions(evict, index, { incoming, now });
      const edit = new IndexEdit(index, now, blob.key);
      edit.letGo(name, { why: 'overwritten' });
      edit.evict(evicted);
      edit.put(name, entry);
      return {
        next: edit.next(entry.at),
        result: { package: packageOf(name, entry), replaced: existing, evicted, isDraft },
      };
    },
  };
}

/** A package is deleted. */
export function removal(name: string, { condition = 'present', check }: RemoveOptions): Change<Package> {
  const by = randomUUID();
  return {
    settled: (index) => garbageBy(index, by).map(packageOfGarbage)[0],
    apply: (index, now) => {
      const existing = index.get(name);
      if (existing === undefined) throw notFound(name);
      assertCondition(name, condition, existing);
      check?.(index.isHidden(name));
      const edit = new IndexEdit(index, now, by);
      edit.letGo(name, { why: 'deleted' });
      return { next: edit.next(), result: existing };
    },
  };
}

/** What `evict` chooses, with nothing incoming, leaves. */
export function pruning(evict: Evict): Change<readonly Eviction[]> {
  const by = randomUUID();
  return {
    settled: (index) => {
      const gone = evictionsOf(garbageBy(index, by));
      return gone.length > 0 ? gone : undefined;
    },
    apply: (index, now) => {
      const evicted = evictions(evict, index, { incoming: [], now });
      const edit = new IndexEdit(index, now, by);
      edit.evict(evicted);
      return { next: evicted.length === 0 ? undefined : edit.next(), result: evicted };
    },
  };
}

/** A blob, and the file or whatever it was written for. */
export interface Orphan {
  readonly key: string;
  readonly name: string;
}

/** Blobs that no version of the index has are condemned: from then on no publish can take them. */
export function condemning(blobs: readonly Orphan[], ofReleases: readonly Orphan[]): Change<void> {
  return {
    settled: () => undefined,
    apply: (index, now) => {
      const known = index.keys();
      const condemned = (orphans: readonly Orphan[]): Garbage[] =>
        orphans
          .filter(({ key }) => !known.has(key))
          .map(({ key, name }) => withoutPackage(key, name, 'orphan', now, key));
      const garbage = grown(index.garbage, condemned(blobs));
      const releases = { ...index.releases, garbage: grown(index.releases.garbage, condemned(ofReleases)) };
      const isSame = garbage === index.garbage && releases.garbage === index.releases.garbage;
      return { next: isSame ? undefined : index.with({ garbage, releases }), result: undefined };
    },
  };
}

/** Blobs are deleted, and need no longer be remembered as garbage. */
export function forgetting(keys: ReadonlySet<string>): Change<void> {
  const left = (garbage: readonly Garbage[]): readonly Garbage[] =>
    garbage.some(({ key }) => keys.has(key)) ? garbage.filter(({ key }) => !keys.has(key)) : garbage;
  return {
    settled: () => undefined,
    apply: (index) => {
      const garbage = left(index.garbage);
      const releases = { ...index.releases, garbage: left(index.releases.garbage) };
      const isSame = garbage === index.garbage && releases.garbage === index.releases.garbage;
      return { next: isSame ? undefined : index.with({ garbage, releases }), result: undefined };
    },
  };
}

/** What a change of that name has let go. */
export function garbageBy(index: IndexDocument, by: string): readonly Garbage[] {
  return index.allGarbage().filter((one) => one.by === by);
}

/** What leaves of the public packages for those that come, which stay. */
export function evictions(
  evict: Evict,
  index: IndexDocument,
  context: Omit<Parameters<Evict>[1], 'releases'> & { readonly releases?: Parameters<Evict>[1]['releases'] },
): readonly Eviction[] {
  const snapshot = index.snapshot();
  const { packages, releases } = snapshot;
  const find = (name: string): Package | undefined => (index.isHidden(name) ? undefined : index.get(name));
  const staying = new Set(context.incoming.map(({ name }) => name));
  return evict(packages, { releases, snapshot, find, ...context }).filter(
    (one) => !staying.has(one.package.name),
  );
}

export function evictionsOf(gone: readonly Garbage[]): readonly Eviction[] {
  return gone
    .filter(({ why }) => why === 'evicted')
    .map((one) => ({
      package: packageOfGarbage(one),
      reason: one.reason ?? '',
      ...(one.endsRelease === undefined ? {} : { endsRelease: one.endsRelease }),
    }));
}

function packageOfGarbage(gone: Garbage): Package {
  return packageOf(gone.name, gone);
}

/** Throws where a blob was taken for nobody's before its change came to be written. */
export function assertNotCondemned(index: IndexDocument, blob: string, name: string): void {
  if (index.allGarbage().some(({ key }) => key === blob)) throw tooLate(name);
}

export function tooLate(name: string): StorageError {
  return new StorageError('storage_unavailable', `Storing ${name} took too long; send it again.`);
}
