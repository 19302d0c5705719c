/** Entries of a page that says nothing of it, and at most. */
const [PER_PAGE, MOST_PER_PAGE] = [30, 100];

/** A page of a list. */
export interface Page {
  /** From 1. */
  readonly page: number;
  readonly perPage: number;
}

/** Reads `page` and `per_page` as GitHub does: what is no page is the first, and what is no size the usual one. */
export function pageOf(query: Readonly<Record<string, unknown>>): Page {
  return {
    page: Math.max(1, wholeNumber(query['page']) ?? 1),
    perPage: Math.min(MOST_PER_PAGE, wholeNumber(query['per_page']) || PER_PAGE),
  };
}

/** That page of so many entries, with all pages past the end as one. */
export function withinPages({ page, perPage }: Page, total: number): Page {
  return { page: Math.min(page, pagesOf(total, perPage) + 1), perPage };
}

/** Where the entries of a page begin and end. */
export function boundsOf({ page, perPage }: Page): readonly [start: number, end: number] {
  return [(page - 1) * perPage, page * perPage];
}

/** The `Link` header (RFC 8288) of a page of so many entries; none where there is but one page. @param url - Of the list. */
export function linksOf({ page, perPage }: Page, total: number, url: string): Record<string, string> {
  const last = pagesOf(total, perPage);
  const relations = { prev: Math.min(page - 1, last), next: page + 1, last, first: 1 };
  const links = Object.entries(relations)
    .filter(([relation, to]) => to >= 1 && to <= last && (relation === 'prev' || to !== page))
    .filter(([relation]) => !(relation === 'first' && page === 1) && !(relation === 'last' && page >= last))
    .map(([relation, to]) => `<${url}?per_page=${perPage}&page=${to}>; rel="${relation}"`);
  return last <= 1 && page === 1 ? {} : { Link: links.join(', ') };
}

function pagesOf(total: number, perPage: number): number {
  return Math.max(1, Math.ceil(total / perPage));
}

function wholeNumber(value: unknown): number | undefined {
  return typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}
