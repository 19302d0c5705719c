import { Injectable } from '@nestjs/common';

import { prepareCatalog, type ReleaseCatalog } from '#releases';
import type { Package, StoreSnapshot } from '#storage';

import { BASE, joined } from '../http/fragment.js';
import { PackageFragments } from '../http/package-fragments.js';
import { PreparedBodies } from '../http/prepared-bodies.js';
import { prepareBody, type PreparedBody } from '../http/prepared-body.js';
import { withSnapshot } from '../http/with-snapshot.js';
import { listHeaders } from './package-list.links.js';
import { normalQuery, type PackageListQuery } from './package-list.query.js';
import { PackageLinks } from './package-links.js';
import type { Snapshots } from './reader-views.js';
import { searchPackages } from './package-search.js';
import { packageView } from './package.view.js';

/** Lists packages as JSON; an answer is made once for as long as it says the same. */
@Injectable()
export class PackageListService {
  private readonly prepared = new PreparedBodies<StoreSnapshot>();
  private readonly views: PackageFragments;

  constructor(private readonly links: PackageLinks) {
    const viewOf = (stored: Package, catalog: ReleaseCatalog): string => {
      const release = catalog.releaseOf(stored);
      return JSON.stringify(packageView(stored, BASE, release.hasTag ? release.tag : undefined, links.url));
    };
    this.views = new PackageFragments(viewOf, ',', () => links.period);
  }

  /** No promise where it is made already. @param from - What the asker may see. */
  list(query: PackageListQuery, from: Snapshots): PreparedBody | Promise<PreparedBody> {
    return withSnapshot(from, (snapshot) => this.listOf(snapshot, query));
  }

  private listOf(snapshot: StoreSnapshot, query: PackageListQuery): PreparedBody | Promise<PreparedBody> {
    const { packages } = snapshot;
    const normal = normalQuery({ ...query, q: query.q.toLowerCase() }, packages.length);
    return this.prepared.get(snapshot, JSON.stringify([normal, this.links.period]), async () => {
      const catalog = await prepareCatalog(snapshot);
      const page = await searchPackages(catalog, normal);
      const views = await this.views.of(page.blocks, catalog);
      return prepareBody('application/json', joined('[', views, this.views.separator, ']'), {
        headers: listHeaders(normal, page),
        compressible: true,
      });
    });
  }
}
