import { listUrl } from '../../packages/package-list.links.js';
import type { PackageListQuery } from '../../packages/package-list.query.js';
import { orderOf, type PackagePage } from '../../packages/package-search.js';
import { counted } from './words.js';

interface FindingProps {
  readonly query: PackageListQuery;
  readonly root: string;
}

const SORTS = [
  ['created_at', 'Published', { asc: 'oldest first', desc: 'newest first' }],
  ['name', 'Name', { asc: 'A to Z', desc: 'Z to A' }],
  ['size', 'Size', { asc: 'smallest first', desc: 'largest first' }],
] as const;

/** The search, which keeps the release and the order that were chosen. */
export function Search({ query, root }: FindingProps) {
  const { q, release, sort, order, per_page: perPage } = query;
  const kept = { release, sort: sort === 'created_at' ? undefined : sort, order, per_page: perPage };
  return (
    <search>
      <form class="search" action={`${root}packages`}>
        <label for="q">Find packages</label>
        <input
          id="q"
          type="search"
          name="q"
          value={q}
          maxlength={200}
          placeholder="claude v1.2"
          autocomplete="off"
          spellcheck={false}
          aria-keyshortcuts="/"
        />
        {Object.entries(kept).map(
          ([name, value]) =>
            value !== undefined && <input key={name} type="hidden" name={name} value={value} />,
        )}
        <button type="submit">Search</button>
      </form>
    </search>
  );
}

/** The orders to choose from; the chosen one turns round. */
export function Sorting({ query, root }: FindingProps) {
  return (
    <nav class="sorting" aria-label="Order">
      {SORTS.map(([sort, label, directions]) => {
        const chosen = query.sort === sort;
        const now = orderOf({ ...query, sort, order: chosen ? query.order : undefined });
        const order = chosen ? ({ asc: 'desc', desc: 'asc' } as const)[now] : now;
        const given = order === orderOf({ ...query, sort, order: undefined }) ? undefined : order;
        return (
          <a
            key={sort}
            href={listUrl(root, { ...query, sort, order: given, page: undefined })}
            aria-current={chosen ? 'true' : undefined}
            title={directions[order]}
          >
            {label}
            {chosen && <span class="direction">, {directions[now]}</span>}
          </a>
        );
      })}
    </nav>
  );
}

/** How much was found, in words. */
export function Found({ query, root, page }: FindingProps & { readonly page: PackagePage }) {
  const { q, release } = query;
  return (
    <p class="found" id="found" tabindex={-1}>
      {counted(page.total, 'package')}
      {release !== undefined && (
        <>
          {' '}
          of <bdi>{release}</bdi>
        </>
      )}
      {q !== '' && (
        <>
          {' '}
          for{' '}
          <q>
            <bdi>{q}</bdi>
          </q>
        </>
      )}
      {page.pages > 1 && page.page <= page.pages && `, page ${page.page} of ${page.pages}`}
      {release !== undefined && page.total > 0 && (
        <>
          {' · '}
          <a href={listUrl(root, { ...query, release: undefined, page: undefined })}>of all releases</a>
        </>
      )}
    </p>
  );
}

/** Links to the pages around, where there are several. */
export function Pager({ query, root, page: { page, pages } }: FindingProps & { readonly page: PackagePage }) {
  if (pages <= 1) return null;
  const to = (target: number): string => listUrl(root, { ...query, page: target === 1 ? undefined : target });
  return (
    <nav class="pager" aria-label="Pages">
      {page > 1 && (
        <a href={to(Math.min(page - 1, pages))} rel="prev">
          Previous
        </a>
      )}
      {around(page, pages).map((target) => (
        <a
          key={target}
          href={to(target)}
          aria-label={`Page ${target}`}
          aria-current={target === page ? 'page' : undefined}
        >
          {target}
        </a>
      ))}
      {page < pages && (
        <a href={to(page + 1)} rel="next">
          Next
        </a>
      )}
    </nav>
  );
}

/** The first, the last, and those near the page. */
function around(page: number, pages: number): number[] {
  const near = [1, page - 2, page - 1, page, page + 1, page + 2, pages];
  return [...new Set(near.filter((one) => one >= 1 && one <= pages))].sort((a, b) => a - b);
}
