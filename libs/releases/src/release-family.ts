import { folderTagOf, type Package, type ReleaseRecord } from '#storage';

import { ascending, Release, tagOf } from './release.js';
import type { Ranked } from './release-order.js';

/** What of a family comes or goes. */
export interface FamilyItems {
  readonly packages: readonly Package[];
  readonly records: readonly ReleaseRecord[];
}

/** What a change of a family does to the releases, and to the order of their packages. */
export interface FamilyChange {
  readonly before: Family;
  readonly after: Family;
  readonly left: readonly Ranked[];
  readonly came: readonly Ranked[];
}

/**
 * The releases whose tags are spellings of one version: those of its folders and records, `v1.2.0` and `1.2.0`, each with
 * the flat packages that are spelt like it, the others with the one with a `v`; or, without such, one of all flat
 * packages of the version. Tags that are no version have families of their own. Immutable.
 */
export class Family {
  /** Tags of folders and records, those with a `v` first. */
  private readonly tags: readonly string[];

  private readonly byTag: ReadonlyMap<string, Release>;

  private constructor(
    readonly key: string,
    /** Whether all of it is hidden. */
    readonly isDraft: boolean,
    readonly releases: readonly Release[],
  ) {
    this.byTag = new Map(releases.filter(({ isTagged }) => isTagged).map((one) => [one.tag, one]));
    this.tags = inSpelling([...this.byTag.keys()]);
  }

  /** The release of that tag, and of that spelling of it where there is one. */
  find(tag: string): Release | undefined {
    return this.tags.length === 0 ? this.releases[0] : this.tagged(spelling(tag, this.tags));
  }

  /** The release of that folder or record; with undefined that of a family without. */
  private tagged(tag: string | undefined): Release | undefined {
    return tag === undefined ? this.releases[0] : this.byTag.get(tag);
  }

  static empty(key: string, isDraft: boolean): Family {
    return new Family(key, isDraft, []);
  }

  /** Without some packages and records, and with others. */
  changed(removed: FamilyItems, added: FamilyItems): FamilyChange {
    const before = this.releases;
    const { records, tags } = taggedAfter(before, removed, added);
    const sameTags = tags.join('\n') === this.tags.join('\n');
    // Where tags come or go, the flat packages are divided anew.
    const gone = sameTags ? removed.packages : [];
    const names = new Set(removed.packages.map(({ name }) => name));
    const come = sameTags
      ? added.packages
      : [...before.flatMap(({ assets }) => assets.filter(({ name }) => !names.has(name))), ...added.packages];
    const leaving = Map.groupBy(gone, (stored) => ownTag(stored, tags));
    const coming = Map.groupBy(come, (stored) => ownTag(stored, tags));
    const after: Release[] = [];
    const left: Ranked[] = sameTags ? [] : before.flatMap((one) => one.rankedAssets());
    const came: Ranked[] = [];
    for (const tag of tags.length === 0 ? [undefined] : tags) {
      const old = sameTags ? this.tagged(tag) : undefined;
      const [fewer, more] = [leaving.get(tag) ?? [], coming.get(tag) ?? []];
      const record = tag === undefined ? undefined : records.get(tag);
      const isSame = old !== undefined && fewer.length + more.length === 0 && old.record === record;
      const now = isSame ? old : Release.changed(old, fewer, more, record, this.isDraft);
      if (now !== undefined) after.push(now);
      const isRankedAlike = old?.record?.isPrerelease === record?.isPrerelease;
      left.push(
        ...((isRankedAlike ? old && fewer.map((one) => old.ranked(one)) : old?.rankedAssets()) ?? []),
      );
      came.push(...((isRankedAlike ? now && more.map((one) => now.ranked(one)) : now?.rankedAssets()) ?? []));
    }
    const order = sameTags ? { left, came } : withoutThoseThatStay(left, came);
    return { before: this, after: new Family(this.key, this.isDraft, after), ...order };
  }
}

/** Of packages that leave an order and come into it those that are not in both. */
function withoutThoseThatStay(left: readonly Ranked[], came: readonly Ranked[]) {
  const before = new Map(left.map((one) => [one.stored, one]));
  const staying = new Set(
    came
      .filter(({ stored, isPrerelease }) => {
        const old = before.get(stored);
        return old !== undefined && old.isPrerelease === isPrerelease;
      })
      .map(({ stored }) => stored),
  );
  const moves = ({ stored }: Ranked): boolean => !staying.has(stored);
  return { left: left.filter(moves), came: came.filter(moves) };
}

/** The records after a change, and the tags that have one or a folder. */
function taggedAfter(before: readonly Release[], removed: FamilyItems, added: FamilyItems) {
  const records = new Map<string, ReleaseRecord>();
  const folders = new Map<string, number>();
  const count = (packages: readonly Package[], by: number): void => {
    for (const stored of packages) {
      const tag = folderTagOf(stored);
      if (tag !== undefined) folders.set(tag, (folders.get(tag) ?? 0) + by);
    }
  };
  for (const { tag, record, inFolder } of before) {
    if (record !== undefined) records.set(tag, record);
    if (inFolder > 0) folders.set(tag, inFolder);
  }
  for (const { tag } of removed.records) records.delete(tag);
  for (const record of added.records) records.set(record.tag, record);
  count(removed.packages, -1);
  count(added.packages, 1);
  const withFolder = [...folders].filter(([, packages]) => packages > 0).map(([tag]) => tag);
  return { records, tags: inSpelling([...records.keys(), ...withFolder]) };
}

function inSpelling(tags: readonly string[]): readonly string[] {
  return [...new Set(tags)].sort((a, b) => Number(/^v/i.test(b)) - Number(/^v/i.test(a)) || ascending(a, b));
}

/** The tag of folder or record that a package belongs to; undefined where there is none. */
function ownTag(stored: Package, tags: readonly string[]): string | undefined {
  return folderTagOf(stored) ?? spelling(tagOf(stored), tags);
}

function spelling(tag: string, tags: readonly string[]): string | undefined {
  return tags.includes(tag) ? tag : tags[0];
}
