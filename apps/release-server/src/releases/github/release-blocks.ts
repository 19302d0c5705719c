import { setImmediate as nextTurn } from 'node:timers/promises';

import { LRUCache } from 'lru-cache';

import type { Release, ReleaseCatalog } from '#releases';
import type { Package } from '#storage';

import { blockOf, fragmentOf, type FragmentBlock } from '../../http/fragment.js';
import type { PackageLinks } from '../../packages/package-links.js';
import type { ApiAddress } from './github-api.js';
import { githubAsset, githubRelease } from './github.view.js';

const MAX_BYTES = 16 * 1024 * 1024;
/** Assets that are told of before all other work has a turn. */
const ASSETS_A_TURN = 250;

/** What GitHub's API says of each release, made once for as long as it stays the same: all answers share it. */
export class ReleaseBlocks {
  private readonly made = new LRUCache<Release, FragmentBlock>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ length }) => length,
  });
  /** Also those that only answers keep, so that no two have copies of their own. */
  private live = new WeakMap<Release, WeakRef<FragmentBlock>>();
  private naming: object | undefined;
  private period = 0;

  /** @param api - Under the base that is filled in when an answer is sent. */
  constructor(
    private readonly api: ApiAddress,
    private readonly immutable: boolean,
    private readonly links: PackageLinks,
  ) {}

  async of(releases: readonly Release[], catalog: ReleaseCatalog): Promise<FragmentBlock[]> {
    const { period } = this.links;
    if (catalog.naming !== this.naming || period !== this.period) {
      this.made.clear();
      this.live = new WeakMap();
    }
    this.naming = catalog.naming;
    this.period = period;
    const blocks: FragmentBlock[] = [];
    let said = 0;
    for (const release of releases) {
      let block = this.made.get(release) ?? this.live.get(release)?.deref();
      if (block === undefined) {
        said += 1 + release.assets.length;
        if (said > ASSETS_A_TURN) {
          await nextTurn();
          said = 0;
        }
        block = await this.one(release, catalog);
        this.made.set(release, block);
        this.live.set(release, new WeakRef(block));
      }
      blocks.push(block);
    }
    return blocks;
  }

  private async one(release: Release, catalog: ReleaseCatalog): Promise<FragmentBlock> {
    const head = JSON.stringify(githubRelease(release, this.api, this.immutable));
    const assets = await assetFragments(release.assets, catalog, this.api, this.links);
    return blockOf([fragmentOf(`${head.slice(0, -1)},"assets":[`), ...assets, fragmentOf(']}')]);
  }
}

/** Some assets as the members of an array. */
export async function assetFragments(
  assets: readonly Package[],
  catalog: ReleaseCatalog,
  api: ApiAddress,
  { url }: Pick<PackageLinks, 'url'>,
) {
  const fragments = [];
  for (let at = 0; at < assets.length; at += ASSETS_A_TURN) {
    if (at > 0) await nextTurn();
    const some = assets.slice(at, at + ASSETS_A_TURN);
    const texts = some.map((stored) => JSON.stringify(githubAsset(stored, catalog, api, url)));
    fragments.push(fragmentOf((at > 0 ? ',' : '') + texts.join(',')));
  }
  return fragments;
}
