import { byPreference, packageVersion, type PackageVersion } from '#releases';
import type { Package } from '#storage';

import { DEFAULT_PER_PAGE, defaultOrder, type PackageListQuery } from './package-list.query.js';
import { newestTemplate } from './template.js';

/** One page of a selection. */
export interface PackagePage {
  readonly packages: readonly Package[];
  /** Packages in the whole selection. */
  readonly total: number;
  readonly page: number;
  readonly pages: number;
}

/** The packages whose names carry one version, however each spells it. */
export interface ReleaseSummary {
  /** As the newest of them spells it; undefined for the packages without one. */
  readonly version: PackageVersion | undefined;
  readonly count: number;
  /** Bytes. */
  readonly size: number;
  /** Publish time of the newest, in milliseconds since the epoch. */
  readonly createdAt: number;
}

/** A template for an AI agent, and the release that it is of. */
export interface TemplateSummary {
  readonly agent: string;
  readonly release: ReleaseSummary;
}

/** A package with its name in lower case, for the search. */
interface Entry {
  readonly stored: Package;
  readonly lowerCase: string;
}

/**
 * All packages of one state of the store, ready to be searched: sorted and counted once, when first asked for, so
 * that a request costs no more than what it looks through and shows.
 */
export class PackageSearch {
  /** Bytes of all packages. */
  readonly size: number;
  private readonly entries: readonly Entry[];
  private readonly orders = new Map<string, readonly Entry[]>();
  private preferred: ReleaseSummary | undefined;
  private newest: TemplateSummary | undefined;
  private summaries: ReadonlyMap<string | undefined, ReleaseSummary> | undefined;

  /** @param packages - Newest first. */
  constructor(readonly packages: readonly Package[]) {
    this.size = packages.reduce((sum, { size }) => sum + size, 0);
    this.entries = packages.map((stored) => ({ stored, lowerCase: stored.name.toLowerCase() }));
  }

  /** Searches, sorts and cuts; the whole selection where the query asks for no page. */
  select(query: PackageListQuery): PackagePage {
    const { q, page, per_page: perPage } = query;
    const words = wordsOf(q);
    const sorted = this.sorted(query);
    const found =
      words.length === 0
        ? sorted
        : sorted.filter(({ lowerCase }) => words.every((word) => lowerCase.includes(word)));
    const total = found.length;
    const current = page ?? 1;
    const length = perPage ?? (page === undefined ? Math.max(1, total) : DEFAULT_PER_PAGE);
    const shown = found.slice((current - 1) * length, current * length).map(({ stored }) => stored);
    return { packages: shown, total, page: current, pages: Math.max(1, Math.ceil(total / length)) };
  }

  /** The release to which a package belongs, with all its packages counted, whether they were searched for or not. */
  releaseOf(stored: Package): ReleaseSummary {
    const summary = this.releases().get(packageVersion(stored)?.key);
    if (summary === undefined) throw new Error(`${stored.name} is of another listing`);
    return summary;
  }

  /** The release that clients get who name none, as `GET /latest` has it; undefined for an empty store. */
  latest(): ReleaseSummary | undefined {
    return (this.preferred ??= [...this.releases().values()].sort(byPreference)[0]);
  }

  /** What a project is started from that names no version; undefined where there is no template. */
  template(): TemplateSummary | undefined {
    if (this.newest === undefined) {
      const template = newestTemplate(this.packages);
      this.newest = template && { agent: template.agent, release: this.releaseOf(template.stored) };
    }
    return this.newest;
  }

  private releases(): ReadonlyMap<string | undefined, ReleaseSummary> {
    return (this.summaries ??= summarise(this.packages));
  }

  private sorted(query: PackageListQuery): readonly Entry[] {
    const key = `${query.sort} ${orderOf(query)}`;
    let sorted = this.orders.get(key);
    if (sorted === undefined) {
      sorted = sort(this.entries, query);
      this.orders.set(key, sorted);
    }
    return sorted;
  }
}

/**
 * What a name has to have in it: each word once, the longest first, for few names have that, and none that another one
 * has in it.
 */
function wordsOf(q: string): string[] {
  const words = [...new Set(q.toLowerCase().split(/\s+/).filter(Boolean))].sort(
    (a, b) => b.length - a.length,
  );
  return words.filter((word, index) => !words.slice(0, index).some((longer) => longer.includes(word)));
}

/** The direction that is asked for: without one names ascend, and sizes and times descend. */
export function orderOf({ sort: by, order }: PackageListQuery): 'asc' | 'desc' {
  return order ?? defaultOrder(by);
}

/** `entries` come newest first. Of two of one size the first is that with the lesser name, in both directions. */
function sort(entries: readonly Entry[], query: PackageListQuery): readonly Entry[] {
  const sign = orderOf(query) === 'asc' ? 1 : -1;
  switch (query.sort) {
    case 'created_at':
      return sign === 1 ? entries.toReversed() : entries;
    case 'name':
      return entries.toSorted((a, b) => sign * byName(a, b));
    case 'size':
      return entries.toSorted((a, b) => sign * (a.stored.size - b.stored.size) || byName(a, b));
  }
}

function byName({ stored: a }: Entry, { stored: b }: Entry): number {
  return a.name < b.name ? -1 : 1;
}

function summarise(packages: readonly Package[]): ReadonlyMap<string | undefined, ReleaseSummary> {
  const summaries = new Map<string | undefined, ReleaseSummary>();
  for (const stored of packages) {
    const { size, createdAt } = stored;
    const version = packageVersion(stored);
    const before = summaries.get(version?.key) ?? { version, count: 0, size: 0, createdAt };
    summaries.set(version?.key, {
      version: before.version,
      count: before.count + 1,
      size: before.size + size,
      createdAt: Math.max(before.createdAt, createdAt),
    });
  }
  return summaries;
}
