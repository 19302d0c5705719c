import { Injectable } from '@nestjs/common';

import { prepareCatalog, type Release, type ReleaseCatalog } from '#releases';
import { PackageReader, StorageError, type SnapshotOptions, type StoreSnapshot } from '#storage';

import { Config } from '../config/config.js';
import { BASE, joined } from '../http/fragment.js';
import { PreparedBodies } from '../http/prepared-bodies.js';
import { prepareBody, type PreparedBody } from '../http/prepared-body.js';
import { PackageFragments } from '../http/package-fragments.js';
import { withSnapshot } from '../http/with-snapshot.js';
import { PackageLinks } from '../packages/package-links.js';
import type { Snapshots } from '../packages/reader-views.js';
import { assetView, releaseView } from './release.view.js';

/** Shows packages as releases; an answer is made once for as long as the packages stay the same. */
@Injectable()
export class ReleasesService {
  private readonly prepared = new PreparedBodies<StoreSnapshot>();
  private readonly assets: PackageFragments;
  private readonly immutable: boolean;

  constructor(
    private readonly store: PackageReader,
    private readonly links: PackageLinks,
    config: Config,
  ) {
    this.assets = new PackageFragments(
      (stored, catalog) => JSON.stringify(assetView(stored, catalog, BASE, links.url)),
      ',',
      () => links.period,
    );
    this.immutable = config.immutable;
  }

  /** The latest release; no promise where it is made already. @param from - What the asker may see, here and below. */
  latest(from: Snapshots): PreparedBody | Promise<PreparedBody> {
    return withSnapshot(from, (snapshot) =>
      this.prepared.get(snapshot, `latest ${this.links.period}`, () => this.make(snapshot)),
    );
  }

  /** The public release of that tag, or of its version in another spelling. Rejects with `release_not_found`. */
  async byTag(tag: string, from: Snapshots): Promise<Release> {
    return this.find((catalog) => catalog.byTag(tag), tag, from);
  }

  /**
   * Does something to the release of that tag, or to its draft; and once more where that became the other meanwhile, so
   * that what was published a moment ago is not told to be missing.
   */
  async change<T>(tag: string, act: (release: Release) => Promise<T>): Promise<T> {
    const named = (catalog: ReleaseCatalog): Release | undefined =>
      catalog.draftByTag(tag) ?? catalog.byTag(tag);
    const release = await this.find(named, tag, this.store);
    try {
      return await act(release);
    } catch (error) {
      const now = isNotFound(error) ? named(await catalogIn(this.store, { latest: true })) : undefined;
      if (now === undefined || now.isDraft === release.isDraft) throw error;
      return act(now);
    }
  }

  /** What GitHub calls the latest release. Rejects with `release_not_found`. */
  async latestRelease(from: Snapshots): Promise<Release> {
    return this.find((catalog) => catalog.latestRelease, 'latest', from);
  }

  /** That there is none has to be true now. */
  private async find(
    choose: (catalog: ReleaseCatalog) => Release | undefined,
    tag: string,
    from: Snapshots,
  ): Promise<Release> {
    const known = choose(await catalogIn(from));
    return found(known ?? choose(await catalogIn(from, { latest: true })), tag);
  }

  private async make(snapshot: StoreSnapshot): Promise<PreparedBody> {
    const catalog = await prepareCatalog(snapshot);
    const release = JSON.stringify(releaseView(catalog, BASE, this.immutable));
    const assets = await this.assets.of(catalog.assetBlocks, catalog);
    return prepareBody(
      'application/json',
      joined(`${release.slice(0, -1)},"assets":[`, assets, this.assets.separator, ']}'),
      { compressible: true },
    );
  }
}

async function catalogIn(from: Snapshots, options?: SnapshotOptions): Promise<ReleaseCatalog> {
  return prepareCatalog(await from.snapshot(options));
}

function isNotFound(error: unknown): boolean {
  return error instanceof StorageError && error.code === 'release_not_found';
}

function found(release: Release | undefined, tag: string): Release {
  if (release !== undefined) return release;
  throw new StorageError(
    'release_not_found',
    tag === 'latest' ? 'There is no release yet.' : 'There is no release of that tag.',
  );
}
