import { setImmediate as nextTurn } from 'node:timers/promises';

import { Injectable } from '@nestjs/common';

import { Permissions, type Principal, type Scope } from '#auth';
import { oncePer, prepareCatalog, type Release, type ReleaseCatalog } from '#releases';
import type { StoreSnapshot } from '#storage';

import { Config } from '../../config/config.js';
import { BASE } from '../../http/fragment.js';
import { PreparedBodies } from '../../http/prepared-bodies.js';
import { prepareBody, type PreparedBody, type PrepareOptions } from '../../http/prepared-body.js';
import { withSnapshot } from '../../http/with-snapshot.js';
import { accessTo } from '../../packages/access-to.js';
import { PackageLinks } from '../../packages/package-links.js';
import type { Snapshots } from '../../packages/reader-views.js';
import { ProblemError } from '../../problems/problem.js';
import { DraftAccess } from '../../releases/draft-access.js';
import { Repository } from '../../releases/repository.js';
import { PAGE_POLICY } from '../layout.js';
import { StaticFiles } from '../static-files.js';
import { MAX_NOTES } from './notes.js';
import { NotesService } from './notes.service.js';
import { releasePage, type ReleasePageProps } from './release.page.js';
import { releasesFeed, type FeedEntry } from './releases-feed.js';
import { releasesPage, type ReleasesPageProps } from './releases.page.js';

const MINUTE_MS = 60_000;
const PER_PAGE = 10;
/** Characters of the notes of one of many releases. */
const BEGINNING = 1500;
/** Releases of the feed: readers that ask once in a while shall miss none. */
const FEED_LENGTH = 30;

/** What else the page of somebody who may change releases has; see the pages. */
type Managed<Props extends object, Key extends keyof Props> = Required<Pick<Props, Key>>;

/**
 * Shows releases as pages: the public ones, of which an answer is made once for as long as it says the same, and those
 * that somebody sees who may change them.
 */
@Injectable()
export class ReleasePagesService {
  private readonly prepared = new PreparedBodies<StoreSnapshot>();

  constructor(
    private readonly config: Config,
    private readonly access: DraftAccess,
    private readonly permissions: Permissions,
    private readonly files: StaticFiles,
    private readonly notes: NotesService,
    private readonly repository: Repository,
    private readonly links: PackageLinks,
  ) {}

  /** All public ones in pages. @param root - see `rootOf`. @param from - What the asker may see, here and below. */
  list(page: number, root: string, from: Snapshots): PreparedBody | Promise<PreparedBody> {
    return withSnapshot(from, async (snapshot) => {
      const catalog = await prepareCatalog(snapshot);
      const shown = Math.min(page, pagesOf(catalog) + 1);
      return this.prepared.get(snapshot, JSON.stringify([root, shown, this.minute()]), () =>
        prepareHtml(this.listPage(catalog, shown, root), PUBLIC),
      );
    });
  }

  /** The public one of that tag, or of that version. Rejects with `release_not_found`. @param root - see `rootOf`. */
  one(tag: string, root: string, from: Snapshots): PreparedBody | Promise<PreparedBody> {
    return withSnapshot(from, async (snapshot) => {
      const catalog = await prepareCatalog(snapshot);
      const release = found(catalog.byTag(tag));
      return this.prepared.get(
        snapshot,
        JSON.stringify([root, this.minute(), release.tag, this.links.period]),
        () => prepareHtml(this.onePage(catalog, release, root), PUBLIC),
      );
    });
  }

  /** The last published as a feed. */
  feed(from: Snapshots): PreparedBody | Promise<PreparedBody> {
    return withSnapshot(from, (snapshot) =>
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

  /** The list with the drafts that somebody may see, and what they may do. */
  async managedList(
    page: number,
    root: string,
    principal: Principal,
    from: Snapshots,
  ): Promise<PreparedBody> {
    const catalog = await prepareCatalog(await from.snapshot());
    const drafts = await this.access.visibleTo(principal, catalog.drafts);
    const shown = Math.min(page, pagesOf(catalog) + 1);
    const mayDraft = await this.permissions.may(principal, { scope: 'publish' });
    return prepareHtml(this.listPage(catalog, shown, root, { drafts, mayDraft }), MANAGED);
  }

  /** The draft of that tag, where there is one that somebody may see, or the public one. Rejects with `release_not_found`. */
  async managedOne(tag: string, root: string, principal: Principal, from: Snapshots): Promise<PreparedBody> {
    const catalog = await prepareCatalog(await from.snapshot());
    const draft = catalog.draftByTag(tag);
    const [visible] = draft === undefined ? [] : await this.access.visibleTo(principal, [draft]);
    const release = found(visible ?? catalog.byTag(tag));
    const { isDraft, record } = release;
    const may = (scope: Scope): Promise<boolean> =>
      this.permissions.may(principal, { scope, release: release.tag });
    // Where patterns of names narrow a grant, what is done to a release as a whole takes all of its packages.
    const narrowed = principal.grant?.packages !== undefined;
    const mayAll = async (scope: Scope): Promise<boolean> => {
      if (!(await may(scope))) return false;
      for (const { name } of narrowed ? release.assets : []) {
        if (!(await this.permissions.may(principal, accessTo(scope, name)))) return false;
      }
      return true;
    };
    const isRemovable = isDraft || this.config.allow_delete;
    const rights = {
      edit: await may(isDraft ? 'publish' : 'overwrite'),
      publish: isDraft && (await mayAll('publish')),
      // What was published as a release stays as it is where nothing changes.
      add:
        (isDraft || record === undefined || !this.config.immutable) &&
        (await this.access.mayWrite(principal, release.tag)),
      removePackages: isRemovable && (await may('delete')),
      remove: isRemovable && (await mayAll('delete')),
    };
    return prepareHtml(this.onePage(catalog, release, root, { rights }), MANAGED);
  }

  private listPage(
    catalog: ReleaseCatalog,
    page: number,
    root: string,
    managed?: Managed<ReleasesPageProps, 'drafts' | 'mayDraft'>,
  ): string {
    const recent = tagged(catalog.recent);
    return releasesPage({
      catalog,
      releases: recent.slice((page - 1) * PER_PAGE, page * PER_PAGE),
      page,
      pages: pagesOf(catalog),
      notesOf: ({ record }) => this.notes.of(record, BEGINNING),
      now: Date.now(),
      root,
      files: this.files,
      readOnly: this.config.read_only,
      ...managed,
    });
  }

  private onePage(
    catalog: ReleaseCatalog,
    release: Release,
    root: string,
    managed?: Managed<ReleasePageProps, 'rights'>,
  ): string {
    return releasePage({
      catalog,
      release,
      notes: this.notes.of(release.record, MAX_NOTES),
      base: BASE,
      urlOf: this.links.url,
      now: Date.now(),
      root,
      files: this.files,
      config: this.config,
      ...managed,
    });
  }

  /** What people read is brought up to date every minute. */
  private minute(): number {
    return Math.floor(Date.now() / MINUTE_MS);
  }
}

/** Those that a tag or a version names; once for each list. */
const tagged = oncePer((releases: readonly Release[]) => releases.filter(({ hasTag }) => hasTag));

function pagesOf({ recent }: ReleaseCatalog): number {
  return Math.max(1, Math.ceil(tagged(recent).length / PER_PAGE));
}

function found(release: Release | undefined): Release {
  if (release !== undefined) return release;
  throw new ProblemError('release_not_found', 'There is no release of this tag.');
}

const PUBLIC: PrepareOptions = { compressible: true };
const MANAGED: PrepareOptions = { headers: { 'Cache-Control': 'no-store' } };

/** An answer that depends on who asks. */
function prepareHtml(content: string, { headers, compressible }: PrepareOptions): PreparedBody {
  return prepareBody('text/html; charset=utf-8', content, {
    headers: { ...headers, 'Content-Security-Policy': PAGE_POLICY, Vary: 'Authorization' },
    compressible,
  });
}
