import type { Package } from '#storage';

import type { PackageListQuery } from './package-list.query.js';

const DEFAULT_PER_PAGE = 30;

/** One page of a selection: all of it when no page was asked for. */
export interface PackagePage {
  readonly packages: readonly Package[];
  /** Packages in the whole selection. */
  readonly total: number;
  readonly page: number;
  readonly pages: number;
}

/** Filters, sorts and cuts. `packages` comes newest first, which is the order by default. */
export function selectPage(packages: readonly Package[], query: PackageListQuery): PackagePage {
  const words = query.q.toLowerCase().split(/\s+/).filter(Boolean);
  const matching =
    words.length === 0
      ? packages
      : packages.filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)));
  const sorted = sort(matching, query);
  if (query.page === undefined && query.per_page === undefined) {
    return { packages: sorted, total: sorted.length, page: 1, pages: 1 };
  }
  const { page = 1, per_page: perPage = DEFAULT_PER_PAGE } = query;
  return {
    packages: sorted.slice((page - 1) * perPage, page * perPage),
    total: sorted.length,
    page,
    pages: Math.max(1, Math.ceil(sorted.length / perPage)),
  };
}

function sort(packages: readonly Package[], { sort: by, order }: PackageListQuery): readonly Package[] {
  if (by === 'created_at') return order === 'asc' ? packages.toReversed() : packages;
  if (by === 'name') return packages.toSorted(order === 'desc' ? (a, b) => byName(b, a) : byName);
  const sign = order === 'asc' ? 1 : -1;
  return packages.toSorted((a, b) => sign * (a.size - b.size) || byName(a, b));
}

function byName(a: Package, b: Package): number {
  return a.name < b.name ? -1 : 1;
}

/** The address of another page of the same selection. */
export function pageUrl(query: PackageListQuery, page: number, base: string): string {
  const parameters = Object.entries({ ...query, page }).filter(
    ([, value]) => value !== undefined && value !== '',
  );
  const search = new URLSearchParams(parameters.map(([name, value]) => [name, String(value)]));
  return `${base}/packages?${search.toString()}`;
}
