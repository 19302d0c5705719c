import { randomUUID } from 'node:crypto';

import { assertCondition, notFound } from '../conditions.js';
import type { Evict, Eviction } from '../eviction.js';
import type { Package } from '../package-reader.js';
import type { PublishOptions, PublishResult, RemoveCondition } from '../package-store.js';
import { publishTime } from '../publish-time.js';
import { NO_RELEASES } from '../release-record.js';
import { StorageError } from '../storage.errors.js';
import { packageOf, type Entry, type Garbage, type IndexDocument } from './index-document.js';

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
      const condemned = index.garbage.find(({ key }) => key === blob.key);
      const entry = condemned ?? index.entry(name);
      if (entry?.key !== blob.key) return undefined;
      if (condemned?.why === 'orphan') throw tooLate(name);
      const gone = index.garbage.filter(({ by }) => by === blob.key);
      return {
        package: packageOf(name, entry),
        replaced: gone.filter(({ why }) => why === 'overwritten').map(packageOfGarbage)[0],
        evicted: gone.filter(({ why }) => why === 'evicted').map(evictionOfGarbage),
      };
    },
    apply: (index, now) => {
      if (index.garbage.some(({ key }) => key === blob.key)) throw tooLate(name);
      const existing = index.get(name);
      assertCondition(name, condition, existing);
      const entry: Entry = { ...blob, at: publishTime(createdAt, now, index.last) };
      const incoming = { name, size: blob.size, createdAt: entry.at };
      const evicted = evict(index.list(), { incoming: [incoming], releases: NO_RELEASES, now }).filter(
        (one) => one.package.name !== name,
      );
      const leaving: Leaving[] = [{ name, why: 'overwritten' }, ...evicted.map(leavingBy)];
      const { packages, garbage } = without(index, leaving, now, blob.key);
      packages.set(name, entry);
      return {
        next: index.with({ last: Math.max(index.last, entry.at), packages, garbage }),
        result: { package: packageOf(name, entry), replaced: existing, evicted },
      };
    },
  };
}

/** A package is deleted. */
export function removal(name: string, condition: RemoveCondition): Change<Package> {
  const by = randomUUID();
  return {
    settled: (index) => index.garbage.filter((one) => one.by === by).map(packageOfGarbage)[0],
    apply: (index, now) => {
      const existing = index.get(name);
      if (existing === undefined) throw notFound(name);
      assertCondition(name, condition, existing);
      const leaving: Leaving = { name, why: 'deleted' };
      return { next: index.with(without(index, [leaving], now, by)), result: existing };
    },
  };
}

/** What `evict` chooses, with nothing incoming, leaves. */
export function pruning(evict: Evict): Change<readonly Eviction[]> {
  const by = randomUUID();
  return {
    settled: (index) => {
      const gone = index.garbage.filter((one) => one.by === by).map(evictionOfGarbage);
      return gone.length > 0 ? gone : undefined;
    },
    apply: (index, now) => {
      const evicted = evict(index.list(), { incoming: [], releases: NO_RELEASES, now });
      const next = (): IndexDocument => index.with(without(index, evicted.map(leavingBy), now, by));
      return { next: evicted.length === 0 ? undefined : next(), result: evicted };
    },
  };
}

/** Blobs that no version of the index has are condemned: from then on no publish can take them. */
export function condemning(blobs: readonly { readonly key: string; readonly name: string }[]): Change<void> {
  return {
    settled: () => undefined,
    apply: (index, now) => {
      const known = index.keys();
      const orphans = blobs.filter(({ key }) => !known.has(key));
      const condemned = orphans.map(({ key, name }): Garbage => ({
        key,
        name,
        size: 0,
        sha256: '',
        at: 0,
        since: now,
        why: 'orphan',
        by: key,
      }));
      return {
        next: orphans.length === 0 ? undefined : index.with({ garbage: [...index.garbage, ...condemned] }),
        result: undefined,
      };
    },
  };
}

/** Blobs are deleted, and need no longer be remembered as garbage. */
export function forgetting(keys: ReadonlySet<string>): Change<void> {
  return {
    settled: () => undefined,
    apply: (index) => {
      const garbage = index.garbage.filter(({ key }) => !keys.has(key));
      return {
        next: garbage.length === index.garbage.length ? undefined : index.with({ garbage }),
        result: undefined,
      };
    },
  };
}

/** What goes from the packages of an index to its garbage. */
type Leaving = Pick<Garbage, 'name' | 'why' | 'reason'>;

function leavingBy({ package: { name }, reason }: Eviction): Leaving {
  return { name, why: 'evicted', reason };
}

function without(
  index: IndexDocument,
  leaving: readonly Leaving[],
  now: number,
  by: string,
): { packages: Map<string, Entry | undefined>; garbage: readonly Garbage[] } {
  const packages = new Map<string, undefined>();
  const gone: Garbage[] = [];
  for (const one of leaving) {
    const entry = packages.has(one.name) ? undefined : index.entry(one.name);
    if (entry === undefined) continue;
    packages.set(one.name, undefined);
    gone.push({ ...entry, ...one, since: now, by });
  }
  const garbage = gone.length === 0 ? index.garbage : [...index.garbage, ...gone];
  return { packages, garbage };
}

function evictionOfGarbage(gone: Garbage): Eviction {
  return { package: packageOfGarbage(gone), reason: gone.reason ?? '' };
}

function packageOfGarbage(gone: Garbage): Package {
  return packageOf(gone.name, gone);
}

function tooLate(name: string): StorageError {
  return new StorageError('storage_unavailable', `Storing ${name} took too long; send it again.`);
}
