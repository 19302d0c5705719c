import { Injectable } from '@nestjs/common';

import { RetentionPolicy, RetentionService } from '#retention';
import { PackageReader, type Package } from '#storage';

import { Config } from '../config/config.js';
import { BASE } from '../http/fragment.js';
import { PreparedBodies } from '../http/prepared-bodies.js';
import { prepareBody, type PreparedBody } from '../http/prepared-body.js';
import { PAGE_POLICY } from '../web/layout.js';
import { StaticFiles } from '../web/static-files.js';
import { foresee, type Leaving } from './leaving.js';
import { joined, PackageFragments } from '../http/package-fragments.js';
import { listUrl, MOST_PER_PAGE, normalQuery, type PackageListQuery } from './package-list.query.js';
import { PackageSearch, type PackagePage } from './package-search.js';
import { packageView } from './package.view.js';
import { packageLink, packagesPage, ROWS } from '../web/packages/packages.page.js';

const MINUTE = 60_000;
const HTML = 'text/html; charset=utf-8';

/** Lists packages as JSON and HTML; an answer is made once for as long as it says the same. */
@Injectable()
export class PackageListService {
  private readonly lists = new PreparedBodies<PackageSearch>();
  private readonly pages = new PreparedBodies<PackageSearch>();
  private readonly views = new PackageFragments((stored) => JSON.stringify(packageView(stored, BASE)));
  private readonly links = new PackageFragments((stored) => packageLink(stored, BASE));
  private listing = new PackageSearch([]);
  private readonly leaving = new WeakMap<PackageSearch, Leaving>();

  constructor(
    private readonly store: PackageReader,
    private readonly config: Config,
    private readonly policy: RetentionPolicy,
    private readonly retention: RetentionService,
    private readonly files: StaticFiles,
  ) {}

  /** The answer in `format`. @param root - The way to the root of the server from the address that was asked for. */
  async list(query: PackageListQuery, format: 'json' | 'html', root: string): Promise<PreparedBody> {
    const packages = await this.store.list();
    const listing = this.listingOf(packages);
    // So many at once are for programs, which read links; and what people read is brought up to date every minute.
    const plain = query.page === undefined && query.per_page === undefined && packages.length > MOST_PER_PAGE;
    if (format === 'html' && !plain) {
      const shown = normalQuery(query, packages.length);
      const minute = Math.floor(Date.now() / MINUTE);
      return this.pages.get(listing, JSON.stringify([root, shown, minute]), () => {
        const page = listing.select(shown);
        return prepareBody(HTML, this.page(listing, shown, page, root), htmlOptions(shown, page));
      });
    }
    const normal = normalQuery({ ...query, q: query.q.toLowerCase() }, packages.length);
    if (format === 'json') {
      return this.lists.get(listing, JSON.stringify(normal), () => {
        const page = listing.select(normal);
        const views = joined('[', this.views.of(page.packages, packages.length), ',', ']');
        return prepareBody('application/json', views, { headers: headers(normal, page) });
      });
    }
    return this.pages.get(listing, JSON.stringify([root, normal]), () => {
      const page = listing.select(normal);
      const [head = '', tail = ''] = this.page(listing, normal, page, root, true).split(ROWS);
      const links = joined(head, this.links.of(page.packages, packages.length), '', tail);
      return prepareBody(HTML, links, htmlOptions(normal, page));
    });
  }

  private page(
    listing: PackageSearch,
    query: PackageListQuery,
    page: PackagePage,
    root: string,
    plain = false,
  ): string {
    return packagesPage({
      listing,
      page,
      plain,
      query,
      base: BASE,
      root,
      now: Date.now(),
      limits: this.policy.limits,
      leaving: this.leavingOf(listing),
      config: this.config,
      files: this.files,
    });
  }

  private leavingOf(listing: PackageSearch): Leaving {
    const leaving = this.leaving.get(listing) ?? foresee(listing, this.retention);
    this.leaving.set(listing, leaving);
    return leaving;
  }

  private listingOf(packages: readonly Package[]): PackageSearch {
    if (this.listing.packages !== packages) this.listing = new PackageSearch(packages);
    return this.listing;
  }
}

function htmlOptions(query: PackageListQuery, page: PackagePage) {
  return {
    headers: { ...headers(query, page), 'Content-Security-Policy': PAGE_POLICY },
    compressible: true,
  };
}

/** With links to the neighbouring pages (RFC 8288), where there is more than one. */
function headers(query: PackageListQuery, { page, pages }: PackagePage): Record<string, string> {
  if (pages <= 1) return { Vary: 'Accept' };
  const relations = { first: 1, prev: page - 1, next: page + 1, last: pages };
  const links = Object.entries(relations)
    .filter(([, target]) => target >= 1 && target <= pages && target !== page)
    .map(([relation, target]) => `<${listUrl(`${BASE}/`, { ...query, page: target })}>; rel="${relation}"`);
  return { Vary: 'Accept', Link: links.join(', ') };
}
