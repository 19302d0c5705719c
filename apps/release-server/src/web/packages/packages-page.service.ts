import { Injectable } from '@nestjs/common';

import { oncePer, prepareCatalog, type ReleaseCatalog } from '#releases';
import { forecast, RetentionPolicy, RetentionService } from '#retention';
import type { Package, StoreSnapshot } from '#storage';

import { Config } from '../../config/config.js';
import { BASE, joined } from '../../http/fragment.js';
import { PackageFragments } from '../../http/package-fragments.js';
import { PreparedBodies } from '../../http/prepared-bodies.js';
import { prepareBody, type PreparedBody } from '../../http/prepared-body.js';
import { withSnapshot } from '../../http/with-snapshot.js';
import { PackageLinks } from '../../packages/package-links.js';
import { listHeaders } from '../../packages/package-list.links.js';
import { MOST_PER_PAGE, normalQuery, type PackageListQuery } from '../../packages/package-list.query.js';
import type { Snapshots } from '../../packages/reader-views.js';
import { searchPackages, type PackagePage } from '../../packages/package-search.js';
import { PAGE_POLICY } from '../layout.js';
import { StaticFiles } from '../static-files.js';
import { packageLink, packagesPage, ROWS } from './packages.page.js';

const MINUTE_MS = 60_000;

/** Lists packages as a page; an answer is made once for as long as it says the same. */
@Injectable()
export class PackagesPageService {
  private readonly prepared = new PreparedBodies<StoreSnapshot>();
  private readonly anchors: PackageFragments;
  private readonly forecastOf = oncePer((catalog: ReleaseCatalog) => forecast(catalog, this.retention));

  constructor(
    private readonly config: Config,
    private readonly policy: RetentionPolicy,
    private readonly retention: RetentionService,
    private readonly files: StaticFiles,
    private readonly links: PackageLinks,
  ) {
    const anchorOf = (stored: Package): string => packageLink(stored, links.url(stored, BASE));
    this.anchors = new PackageFragments(anchorOf, '', () => links.period);
  }

  /**
   * No promise where it is made already.
   *
   * @param root - The way to the root of the server from the address asked for.
   * @param from - What the asker may see.
   */
  page(query: PackageListQuery, root: string, from: Snapshots): PreparedBody | Promise<PreparedBody> {
    return withSnapshot(from, (snapshot) => this.pageOf(snapshot, query, root));
  }

  private pageOf(
    snapshot: StoreSnapshot,
    query: PackageListQuery,
    root: string,
  ): PreparedBody | Promise<PreparedBody> {
    const { packages } = snapshot;
    // So many at once are for programs, which read links; and what people read is brought up to date every minute.
    const plain = query.page === undefined && query.per_page === undefined && packages.length > MOST_PER_PAGE;
    if (!plain) {
      const shown = normalQuery(query, packages.length);
      const minute = Math.floor(Date.now() / MINUTE_MS);
      return this.prepared.get(
        snapshot,
        JSON.stringify([root, shown, minute, this.links.period]),
        async () => {
          const page = await searchPackages(await prepareCatalog(snapshot), shown);
          return prepareHtml(await this.render(snapshot, shown, page, root, false), shown, page);
        },
      );
    }
    const normal = normalQuery({ ...query, q: query.q.toLowerCase() }, packages.length);
    return this.prepared.get(snapshot, JSON.stringify([root, normal, this.links.period]), async () => {
      const catalog = await prepareCatalog(snapshot);
      const page = await searchPackages(catalog, normal);
      const [head = '', tail = ''] = (await this.render(snapshot, normal, page, root, true)).split(ROWS);
      const anchors = await this.anchors.of(page.blocks, catalog);
      return prepareHtml(joined(head, anchors, this.anchors.separator, tail), normal, page);
    });
  }

  private async render(
    snapshot: StoreSnapshot,
    query: PackageListQuery,
    page: PackagePage,
    root: string,
    plain: boolean,
  ): Promise<string> {
    const catalog = await prepareCatalog(snapshot);
    return packagesPage({
      catalog,
      page,
      plain,
      query,
      base: BASE,
      urlOf: this.links.url,
      root,
      now: Date.now(),
      limits: this.policy.limits,
      forecast: this.forecastOf(catalog),
      config: this.config,
      files: this.files,
    });
  }
}

function prepareHtml(
  content: Parameters<typeof prepareBody>[1],
  query: PackageListQuery,
  page: PackagePage,
): PreparedBody {
  return prepareBody('text/html; charset=utf-8', content, {
    headers: { ...listHeaders(query, page), 'Content-Security-Policy': PAGE_POLICY },
    compressible: true,
  });
}
