import { setImmediate as nextTurn } from 'node:timers/promises';

import { Injectable } from '@nestjs/common';

import { oncePer, prepareCatalog, type Release } from '#releases';
import { PackageReader, type StoreSnapshot } from '#storage';

import { BASE } from '../../http/fragment.js';
import { PreparedBodies } from '../../http/prepared-bodies.js';
import { prepareBody, type PreparedBody } from '../../http/prepared-body.js';
import { withSnapshot } from '../../http/with-snapshot.js';
import { ProblemError } from '../../problems/problem.js';
import { Repository } from '../../releases/repository.js';
import { PAGE_POLICY } from '../layout.js';
import { StaticFiles } from '../static-files.js';
import { MAX_NOTES } from './notes.js';
import { NotesService } from './notes.service.js';
import { releasePage } from './release.page.js';
import { releasesFeed, type FeedEntry } from './releases-feed.js';
import { releasesPage } from './releases.page.js';

const MINUTE_MS = 60_000;
const PER_PAGE = 10;
/** Characters of the notes of one of many releases. */
const BEGINNING = 1500;
/** Releases of the feed: readers that ask once in a while shall miss none. */
const FEED_LENGTH = 30;

/** Shows public releases as pages; an answer is made once for as long as it says the same. */
@Injectable()
export class ReleasePagesService {
  private readonly prepared = new PreparedBodies<StoreSnapshot>();

  constructor(
    private readonly store: PackageReader,
    private readonly files: StaticFiles,
    private readonly notes: NotesService,
    private readonly repository: Repository,
  ) {}

  /** All of them in pages. @param root - see `rootOf`. */
  list(page: number, root: string): PreparedBody | Promise<PreparedBody> {
    return withSnapshot(this.store, async (snapshot) => {
      const catalog = await prepareCatalog(snapshot);
      const recent = tagged(catalog.recent);
      const pages = Math.max(1, Math.ceil(recent.length / PER_PAGE));
      const shown = Math.min(page, pages + 1);
      return this.prepared.get(snapshot, JSON.stringify([root, shown, this.minute()]), () =>
        prepareHtml(
          releasesPage({
            catalog,
            releases: recent.slice((shown - 1) * PER_PAGE, shown * PER_PAGE),
            page: shown,
            pages,
            notesOf: ({ record }) => this.notes.of(record, BEGINNING),
            now: Date.now(),
            root,
            files: this.files,
          }),
        ),
      );
    });
  }

  /** The one of that tag, or of that version. Rejects with `release_not_found`. @param root - see `rootOf`. */
  one(tag: string, root: string): PreparedBody | Promise<PreparedBody> {
    return withSnapshot(this.store, async (snapshot) => {
      const catalog = await prepareCatalog(snapshot);
      const release = catalog.byTag(tag);
      if (release === undefined)
        throw new ProblemError('release_not_found', 'There is no release of this tag.');
      return this.prepared.get(snapshot, JSON.stringify([root, this.minute(), release.tag]), () =>
        prepareHtml(
          releasePage({
            catalog,
            release,
            notes: this.notes.of(release.record, MAX_NOTES),
            base: BASE,
            now: Date.now(),
            root,
            files: this.files,
          }),
        ),
      );
    });
  }

  /** The last published as a feed. */
  feed(): PreparedBody | Promise<PreparedBody> {
    return withSnapshot(this.store, (snapshot) =>
      this.prepared.get(snapshot, 'feed', async () => {
        const { recent } = await prepareCatalog(snapshot);
        const entries: FeedEntry[] = [];
        for (const release of tagged(recent).slice(0, FEED_LENGTH)) {
          entries.push({ release, notes: this.notes.of(release.record, MAX_NOTES) });
          await nextTurn();
        }
        const feed = releasesFeed(this.repository.fullName, entries, BASE);
        return prepareBody('application/atom+xml; charset=utf-8', feed, { compressible: true });
      }),
    );
  }

  /** What people read is brought up to date every minute. */
  private minute(): number {
    return Math.floor(Date.now() / MINUTE_MS);
  }
}

/** Those that a tag or a version names; once for each list. */
const tagged = oncePer((releases: readonly Release[]) => releases.filter(({ hasTag }) => hasTag));

function prepareHtml(content: string): PreparedBody {
  return prepareBody('text/html; charset=utf-8', content, {
    headers: { 'Content-Security-Policy': PAGE_POLICY },
    compressible: true,
  });
}
