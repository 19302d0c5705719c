import { oncePer } from '#releases';
import type { Package } from '#storage';

import { DEFAULT_PER_PAGE, defaultOrder, type PackageListQuery } from './package-list.query.js';

/** One page of a selection. */
export interface PackagePage {
  readonly packages: readonly Package[];
  /** Packages in the whole selection. */
  readonly total: number;
  readonly page: number;
  readonly pages: number;
}

/** A package with its name in lower case, for the search. */
interface Entry {
  readonly stored: Package;
  readonly lowerCase: string;
}

/** All packages of one snapshot of the store, sorted once in each order, so that a request costs no more than a look. */
export class PackageSearch {
  private readonly entries: readonly Entry[];
  private readonly orders = new Map<string, readonly Entry[]>();

  /** @param packages - Newest first. */
  constructor(packages: readonly Package[]) {
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

/** The search in a snapshot, prepared once for all who have that list. */
export const searchOf = oncePer((packages: readonly Package[]) => new PackageSearch(packages));

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
