import type { IncomingMessage } from 'node:http';

import { Injectable } from '@nestjs/common';

import { prepareCatalog, type Release, type ReleaseCatalog } from '#releases';
import { fileOf, notFound, StorageError, type Package, type StoreSnapshot } from '#storage';

import { Config } from '../../config/config.js';
import { BASE, blockOf, fragmentOf, joined, type FragmentBlock } from '../../http/fragment.js';
import { PreparedBodies } from '../../http/prepared-bodies.js';
import { prepareBody, type PreparedBody } from '../../http/prepared-body.js';
import { PackageLinks } from '../../packages/package-links.js';
import { ReaderViews, type Snapshots } from '../../packages/reader-views.js';
import { DraftAccess } from '../draft-access.js';
import { GithubApi, JSON_TYPE, type ApiAddress, type ApiPrefix } from './github-api.js';
import { githubAsset, githubReleaseWhole } from './github.view.js';
import { boundsOf, linksOf, withinPages, type Page } from './page-of.js';
import { assetFragments, ReleaseBlocks } from './release-blocks.js';

/** Those who may publish get more at the same address. */
const VARY = { Vary: 'Accept, Authorization' };
const PRIVATE = { ...VARY, 'Cache-Control': 'private, no-cache' };

/** A release, and the state in which it was found. */
export interface FoundRelease {
  readonly snapshot: StoreSnapshot;
  readonly catalog: ReleaseCatalog;
  readonly release: Release;
}

/** An asset, its release, and the state in which they were found. */
export interface FoundAsset extends FoundRelease {
  readonly asset: Package;
}

/**
 * Releases and assets as GitHub's API tells of them: an answer is made once for as long as the stored stays the same. Those who
 * may publish see drafts too; for all others there is none.
 */
@Injectable()
export class GithubReleases {
  private readonly prepared = new PreparedBodies<StoreSnapshot>();
  private readonly blocks = new Map<ApiPrefix, ReleaseBlocks>();
  private readonly separator = fragmentOf(',');

  constructor(
    private readonly access: DraftAccess,
    private readonly api: GithubApi,
    private readonly config: Config,
    private readonly links: PackageLinks,
    private readonly views: ReaderViews,
  ) {}

  /** A page of the releases: drafts first, then the public ones, the last published first. */
  async list(prefix: ApiPrefix, asked: Page, request: IncomingMessage): Promise<PreparedBody> {
    const { snapshot, catalog } = await this.state(request);
    const drafts = await this.access.visible(catalog.drafts, request);
    const { recent } = catalog;
    const total = drafts.length + recent.length;
    const page = withinPages(asked, total);
    const make = async (): Promise<PreparedBody> => {
      const [start, end] = boundsOf(page);
      const of = (list: readonly Release[], before: number) =>
        list.slice(Math.max(0, start - before), Math.max(0, end - before));
      const shown = [...of(drafts, 0), ...of(recent, drafts.length)];
      const blocks = await this.blocksOf(prefix).of(shown, catalog);
      const links = linksOf(page, total, `${this.apiOf(prefix).repository}/releases`);
      return this.array(blocks, { ...varyOf(drafts.length > 0), ...links });
    };
    // What some may see and others not is made for each of them.
    if (drafts.length > 0 && drafts !== catalog.drafts) return make();
    const key = `${prefix} ${drafts.length > 0 ? 'all' : 'public'} ${page.perPage} ${page.page} ${this.links.period}`;
    return this.prepared.get(snapshot, key, make);
  }

  /** Rejects with `release_not_found`. */
  async latest(prefix: ApiPrefix, request: IncomingMessage): Promise<PreparedBody> {
    return this.one(prefix, request, ({ latestRelease }) => latestRelease);
  }

  /** The public release of that tag. Rejects with `release_not_found`. */
  async byTag(prefix: ApiPrefix, tag: string, request: IncomingMessage): Promise<PreparedBody> {
    return this.one(prefix, request, (catalog) => catalog.byTag(tag));
  }

  /** Rejects with `release_not_found`. */
  async byId(prefix: ApiPrefix, id: string, request: IncomingMessage): Promise<PreparedBody> {
    return this.whole(prefix, await this.find(id, request));
  }

  /** A page of the assets of a release, the newest first. Rejects with `release_not_found`. */
  async assets(prefix: ApiPrefix, id: string, asked: Page, request: IncomingMessage): Promise<PreparedBody> {
    const { release, catalog, snapshot } = await this.find(id, request);
    const { assets, isDraft } = release;
    const page = withinPages(asked, assets.length);
    return this.prepared.get(
      snapshot,
      `${prefix} assets ${release.id} ${page.perPage} ${page.page} ${this.links.period}`,
      async () => {
        const api = this.apiOf(prefix);
        const fragments = await assetFragments(assets.slice(...boundsOf(page)), catalog, api, this.links);
        const links = linksOf(page, assets.length, `${api.repository}/releases/${release.id}/assets`);
        return this.array([blockOf(fragments)], { ...varyOf(isDraft), ...links });
      },
    );
  }

  /** The release of that id, a draft only for those who may publish in it. Rejects with `release_not_found`. */
  async find(id: string, request: IncomingMessage): Promise<FoundRelease> {
    const { snapshot, catalog } = await this.state(request);
    const release = catalog.byId(numberOf(id));
    if (!(await this.isVisible(release, request)) || release === undefined) throw noRelease();
    return { snapshot, catalog, release };
  }

  /**
   * The release of that tag, a draft only for those who may publish in it; undefined where there is none to read. Rejects
   * with `AuthError` where the asker may not read.
   */
  async named(tag: string, request: IncomingMessage) {
    const { catalog } = await stateOf(await this.views.toRead(request));
    const draft = catalog.draftByTag(tag);
    const isVisible = draft !== undefined && (await this.isVisible(draft, request));
    return { catalog, release: isVisible ? draft : catalog.byTag(tag) };
  }

  /** The asset of that id, of a draft only for those who may publish in it. Rejects with `package_not_found`. */
  async findAsset(id: string, request: IncomingMessage): Promise<FoundAsset> {
    const { snapshot, catalog } = await this.state(request);
    const asset = catalog.assetById(numberOf(id));
    const release = asset && catalog.releaseOf(asset);
    if (!(await this.isVisible(release, request)) || !asset || !release) throw notFound(id);
    return { snapshot, catalog, release, asset };
  }

  /** A release that was just saved, as an answer tells of it. Rejects with `release_not_found` where it is gone again. */
  async saved({ tag, isDraft }: Pick<Release, 'tag' | 'isDraft'>, api: ApiAddress, request: IncomingMessage) {
    const catalog = await this.catalog(request);
    const [draft, shown] = [catalog.draftByTag(tag), catalog.byTag(tag)];
    const release = isDraft ? (draft ?? shown) : (shown ?? draft);
    if (release === undefined) throw noRelease();
    return githubReleaseWhole(release, catalog, api, this.config.immutable);
  }

  /** An asset that was just saved. Rejects with `package_not_found` where it is gone again. */
  async savedAsset(saved: Package, api: ApiAddress, request: IncomingMessage) {
    const catalog = await this.catalog(request);
    const asset = catalog.assetById(catalog.assetId(saved));
    if (asset === undefined) throw notFound(fileOf(saved));
    return githubAsset(asset, catalog, api);
  }

  /** What the asker may see. */
  async catalog(request: IncomingMessage): Promise<ReleaseCatalog> {
    return (await this.state(request)).catalog;
  }

  private async one(
    prefix: ApiPrefix,
    request: IncomingMessage,
    choose: (catalog: ReleaseCatalog) => Release | undefined,
  ): Promise<PreparedBody> {
    const { snapshot, catalog } = await this.state(request);
    const release = choose(catalog);
    if (release === undefined) throw noRelease();
    return this.whole(prefix, { snapshot, catalog, release });
  }

  private async whole(
    prefix: ApiPrefix,
    { snapshot, catalog, release }: FoundRelease,
  ): Promise<PreparedBody> {
    return this.prepared.get(snapshot, `${prefix} release ${release.id} ${this.links.period}`, async () => {
      const blocks = await this.blocksOf(prefix).of([release], catalog);
      return prepareBody(JSON_TYPE, blocks, { headers: varyOf(release.isDraft), compressible: true });
    });
  }

  private async state(request: IncomingMessage): Promise<Omit<FoundRelease, 'release'>> {
    return stateOf(this.views.of(request));
  }

  private array(blocks: readonly FragmentBlock[], headers: Record<string, string>): PreparedBody {
    return prepareBody(JSON_TYPE, joined('[', blocks, this.separator, ']'), { headers, compressible: true });
  }

  private blocksOf(prefix: ApiPrefix): ReleaseBlocks {
    const known = this.blocks.get(prefix);
    if (known !== undefined) return known;
    const blocks = new ReleaseBlocks(this.apiOf(prefix), this.config.immutable, this.links);
    this.blocks.set(prefix, blocks);
    return blocks;
  }

  private apiOf(prefix: ApiPrefix): ApiAddress {
    return this.api.addressBelow(BASE, prefix);
  }

  private async isVisible(release: Release | undefined, request: IncomingMessage): Promise<boolean> {
    return release?.isDraft === false || this.access.sees(release, request);
  }
}

async function stateOf(from: Snapshots): Promise<Omit<FoundRelease, 'release'>> {
  const snapshot = await from.snapshot();
  return { snapshot, catalog: await prepareCatalog(snapshot) };
}

function numberOf(id: string): number {
  return /^\d{1,10}$/.test(id) ? Number(id) : 0;
}

/** Of an answer, by whether it tells of drafts. */
export function varyOf(isDraft: boolean): Readonly<Record<string, string>> {
  return isDraft ? PRIVATE : VARY;
}

function noRelease(): StorageError {
  return new StorageError('release_not_found', 'There is no such release.');
}
