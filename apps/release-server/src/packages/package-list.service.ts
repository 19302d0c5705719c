import { Injectable } from '@nestjs/common';

import { RetentionPolicy, RetentionService } from '#retention';
import { PackageStore, type Package } from '#storage';

import { Config } from '../config/config.js';
import { PreparedBodies, prepareBody, type PreparedBody } from '../http/prepared-body.js';
import { PAGE_POLICY } from '../pages/layout.js';
import { StaticFiles } from '../pages/static-files.js';
import { foresee, type Leaving } from './leaving.js';
import { listUrl, MOST_PER_PAGE, type PackageListQuery } from './package-list.query.js';
import { PackageListing, type PackagePage } from './package-listing.js';
import { packageView } from './package.view.js';
import { packagesPage } from './page/packages.page.js';

const MINUTE = 60_000;

/** Where a list is asked for. */
export interface ListPlace {
  /** The base of links that hold everywhere. */
  readonly base: string;
  /** The way to the root of the server, relative to the address that was asked for. */
  readonly root: string;
}

/** Lists packages as JSON and HTML; an answer is made once for as long as it says the same. */
@Injectable()
export class PackageListService {
  private readonly prepared = new PreparedBodies<PackageListing>();
  private listing = new PackageListing([]);
  private readonly leaving = new WeakMap<PackageListing, Leaving>();

  constructor(
    private readonly store: PackageStore,
    private readonly config: Config,
    private readonly policy: RetentionPolicy,
    private readonly retention: RetentionService,
    private readonly files: StaticFiles,
  ) {}

  /** The answer in `format`. */
  async list(query: PackageListQuery, format: 'json' | 'html', place: ListPlace): Promise<PreparedBody> {
    const packages = await this.store.list();
    const listing = this.listingOf(packages);
    const { base, root } = place;
    if (format === 'json') {
      return this.prepared.get(listing, JSON.stringify([base, query]), () => {
        const page = listing.select(query);
        const views = page.packages.map((one) => packageView(one, base));
        return prepareBody('application/json', JSON.stringify(views), {
          headers: headers(query, page, base),
        });
      });
    }
    // So many at once are for programs, which read links; and what people read is brought up to date every minute.
    const plain = query.page === undefined && query.per_page === undefined && packages.length > MOST_PER_PAGE;
    const minute = plain ? 'plain' : Math.floor(Date.now() / MINUTE);
    return this.prepared.get(listing, JSON.stringify([base, root, query, minute]), () => {
      const page = listing.select(query);
      const now = Date.now();
      const html = packagesPage({
        listing,
        page,
        plain,
        query,
        base,
        root,
        now,
        limits: this.policy.limits,
        leaving: this.leavingOf(listing),
        config: this.config,
        files: this.files,
      });
      return prepareBody('text/html; charset=utf-8', html, {
        headers: { ...headers(query, page, base), 'Content-Security-Policy': PAGE_POLICY },
        compressible: true,
      });
    });
  }

  private leavingOf(listing: PackageListing): Leaving {
    const leaving = this.leaving.get(listing) ?? foresee(listing, this.retention);
    this.leaving.set(listing, leaving);
    return leaving;
  }

  private listingOf(packages: readonly Package[]): PackageListing {
    if (this.listing.packages !== packages) this.listing = new PackageListing(packages);
    return this.listing;
  }
}

/** With links to the neighbouring pages (RFC 8288), where there is more than one. */
function headers(
  query: PackageListQuery,
  { page, pages }: PackagePage,
  base: string,
): Record<string, string> {
  if (pages <= 1) return { Vary: 'Accept' };
  const relations = { first: 1, prev: page - 1, next: page + 1, last: pages };
  const links = Object.entries(relations)
    .filter(([, target]) => target >= 1 && target <= pages && target !== page)
    .map(([relation, target]) => `<${listUrl(`${base}/`, { ...query, page: target })}>; rel="${relation}"`);
  return { Vary: 'Accept', Link: links.join(', ') };
}
