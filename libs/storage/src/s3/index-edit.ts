import type { Eviction } from '../eviction.js';
import {
  withChanges,
  type Entry,
  type Garbage,
  type IndexDocument,
  type StoredRecord,
} from './index-document.js';

/** A version of the index in the making: what one change takes out of the one before it and puts into it. */
export class IndexEdit {
  private readonly packages = new Map<string, Entry | undefined>();
  private readonly records = new Map<string, StoredRecord | undefined>();
  private readonly garbage: Garbage[] = [];
  private readonly garbageOfFolders: Garbage[] = [];

  /** @param by - What the change is known by in the garbage that it leaves. */
  constructor(
    private readonly index: IndexDocument,
    private readonly now: number,
    private readonly by: string,
  ) {}

  put(name: string, entry: Entry): void {
    this.packages.set(name, entry);
  }

  /** A package gets another name, and keeps its blob. */
  move(from: string, to: string): void {
    this.packages.set(to, this.index.entry(from));
    this.packages.set(from, undefined);
  }

  /** A package leaves, if it is there. */
  letGo(name: string, why: Pick<Garbage, 'why' | 'reason' | 'endsRelease'>): void {
    const entry = this.packages.has(name) ? undefined : this.index.entry(name);
    if (entry === undefined) return;
    this.packages.set(name, undefined);
    const garbage = name.includes('/') ? this.garbageOfFolders : this.garbage;
    garbage.push({ ...entry, name, ...why, since: this.now, by: this.by });
  }

  /** Packages leave, and with the last ones of a release its record. */
  evict(evictions: readonly Eviction[]): void {
    for (const { package: one, reason, endsRelease } of evictions) {
      this.letGo(one.name, { why: 'evicted', reason, ...(endsRelease === undefined ? {} : { endsRelease }) });
      if (endsRelease !== undefined) this.setRecord(endsRelease, undefined);
    }
  }

  /** A release gets this record, or has none any more. */
  setRecord(tag: string, stored: StoredRecord | undefined): void {
    const before = this.records.has(tag) ? undefined : this.index.releases.records.get(tag);
    if (stored !== undefined || before !== undefined) this.records.set(tag, stored);
    if (before !== undefined)
      this.garbageOfFolders.push(withoutPackage(before.key, tag, 'record', this.now, this.by));
  }

  /** @param last - The publish time that was given, if one was. */
  next(last = 0): IndexDocument {
    const { records, garbage } = this.index.releases;
    return this.index.with({
      last: Math.max(this.index.last, last),
      packages: this.packages,
      garbage: grown(this.index.garbage, this.garbage),
      releases: {
        ...this.index.releases,
        records: withChanges(records, this.records),
        garbage: grown(garbage, this.garbageOfFolders),
      },
    });
  }
}

/** Garbage that is a blob of no package: it has nothing but its key. @param name - For people. */
export function withoutPackage(
  key: string,
  name: string,
  why: 'orphan' | 'record',
  since: number,
  by: string,
): Garbage {
  return { key, name, size: 0, sha256: '', at: 0, since, why, by };
}

export function grown(garbage: readonly Garbage[], by: readonly Garbage[]): readonly Garbage[] {
  return by.length === 0 ? garbage : [...garbage, ...by];
}
