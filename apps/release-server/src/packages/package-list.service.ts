import { Injectable } from '@nestjs/common';

import { PackageStore, type Package } from '#storage';

import { PreparedBodies, prepareBody, type PreparedBody } from '../http/prepared-body.js';
import type { PackageListQuery } from './package-list.query.js';
import { pageUrl, selectPage, type PackagePage } from './package-selection.js';
import { packageView } from './package.view.js';
import { packagesPage } from './packages.page.js';

/** Lists packages as JSON and HTML; an answer is made once for as long as the packages stay the same. */
@Injectable()
export class PackageListService {
  private readonly prepared = new PreparedBodies<readonly Package[]>();

  constructor(private readonly store: PackageStore) {}

  /** The answer in `format`, with links below `base`. */
  async list(query: PackageListQuery, format: 'json' | 'html', base: string): Promise<PreparedBody> {
    const packages = await this.store.list();
    const key = JSON.stringify([base, format, query]);
    return this.prepared.get(packages, key, () => {
      const page = selectPage(packages, query);
      const link = linkHeader(query, page, base);
      const headers = { Vary: 'Accept', ...(link === undefined ? {} : { Link: link }) };
      return format === 'json'
        ? prepareBody(
            'application/json',
            JSON.stringify(page.packages.map((one) => packageView(one, base))),
            headers,
          )
        : prepareBody('text/html; charset=utf-8', packagesPage(page, query, base), {
            ...headers,
            'Content-Security-Policy': "default-src 'none'; form-action 'self'; base-uri 'none'",
          });
    });
  }
}

/** Links to the neighbouring pages (RFC 8288), or undefined where there is only one. */
function linkHeader(query: PackageListQuery, { page, pages }: PackagePage, base: string): string | undefined {
  if (pages <= 1) return undefined;
  const relations = { first: 1, prev: page - 1, next: page + 1, last: pages };
  return Object.entries(relations)
    .filter(([, target]) => target >= 1 && target <= pages && target !== page)
    .map(([relation, target]) => `<${pageUrl(query, target, base)}>; rel="${relation}"`)
    .join(', ');
}
