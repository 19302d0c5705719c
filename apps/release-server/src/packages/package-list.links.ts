import { BASE } from '../http/fragment.js';
import type { PackageListQuery } from './package-list.query.js';
import type { PackagePage } from './package-search.js';

/** The address of a list, relative to `prefix`, without parameters that have their default. */
export function listUrl(prefix: string, query: Partial<PackageListQuery>): string {
  const { format, q, release, sort, order, page, per_page: perPage } = query;
  const parameters = {
    format,
    q: q === '' ? undefined : q,
    release,
    sort: sort === 'created_at' ? undefined : sort,
    order,
    page,
    per_page: perPage,
  };
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return `${prefix}packages${search === '' ? '' : `?${search}`}`;
}

/** Headers of a list, with links to the neighbouring pages (RFC 8288) where there is more than one. */
export function listHeaders(query: PackageListQuery, { page, pages }: PackagePage): Record<string, string> {
  if (pages <= 1) return { Vary: 'Accept' };
  const relations = { first: 1, prev: page - 1, next: page + 1, last: pages };
  const links = Object.entries(relations)
    .filter(([, target]) => target >= 1 && target <= pages && target !== page)
    .map(([relation, target]) => `<${listUrl(`${BASE}/`, { ...query, page: target })}>; rel="${relation}"`);
  return { Vary: 'Accept', Link: links.join(', ') };
}
