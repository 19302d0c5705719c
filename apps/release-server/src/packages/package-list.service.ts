import { Injectable } from '@nestjs/common';

import { PackageReader, type Package } from '#storage';

import { BASE, joined } from '../http/fragment.js';
import { PackageFragments } from '../http/package-fragments.js';
import { PreparedBodies } from '../http/prepared-bodies.js';
import { prepareBody, type PreparedBody } from '../http/prepared-body.js';
import { withList } from '../http/with-list.js';
import { listHeaders } from './package-list.links.js';
import { normalQuery, type PackageListQuery } from './package-list.query.js';
import { searchPackages } from './package-search.js';
import { packageView } from './package.view.js';

/** Lists packages as JSON; an answer is made once for as long as it says the same. */
@Injectable()
export class PackageListService {
  private readonly prepared = new PreparedBodies<readonly Package[]>();
  private readonly views = new PackageFragments((stored) => JSON.stringify(packageView(stored, BASE)), ',');

  constructor(private readonly store: PackageReader) {}

  /** No promise where it is made already. */
  list(query: PackageListQuery): PreparedBody | Promise<PreparedBody> {
    return withList(this.store, (packages) => this.listOf(packages, query));
  }

  private listOf(
    packages: readonly Package[],
    query: PackageListQuery,
  ): PreparedBody | Promise<PreparedBody> {
    const normal = normalQuery({ ...query, q: query.q.toLowerCase() }, packages.length);
    return this.prepared.get(packages, JSON.stringify(normal), async () => {
      const page = await searchPackages(packages, normal);
      const views = await this.views.of(page.blocks, packages.length);
      return prepareBody('application/json', joined('[', views, this.views.separator, ']'), {
        headers: listHeaders(normal, page),
        compressible: true,
      });
    });
  }
}
