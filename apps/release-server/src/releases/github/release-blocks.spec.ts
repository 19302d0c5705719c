import { catalogOf } from '#releases';
import type { ReleaseRecord } from '#storage';

import type { PackageLinks } from '../../packages/package-links.js';
import { packageUrl } from '../../packages/package.view.js';
import { ReleaseBlocks } from './release-blocks.js';

const API = { base: '', root: '', repository: '/repos/acme/tools', uploads: '/repos/acme/tools' };

describe('ReleaseBlocks', () => {
  it('makes what is said of a release once for all answers, also where it keeps no more of it', async () => {
    const releases = new Map(
      Array.from({ length: 300 }, (_, at): [string, ReleaseRecord] => {
        const [tag, notes] = [`v${at}`, 'x'.repeat(100_000)];
        return [tag, { tag, notes, isDraft: false, createdAt: at, updatedAt: at, publishedAt: at }];
      }),
    );
    const catalog = catalogOf({ packages: [], drafts: [], releases });
    const blocks = new ReleaseBlocks(API, false, {
      period: 0,
      url: packageUrl,
    } as Partial<PackageLinks> as PackageLinks);

    const first = await blocks.of(catalog.recent, catalog);
    const second = await blocks.of(catalog.recent, catalog);
    expect(second.every((block, at) => block === first[at])).toBe(true);
  });
});
