import type { Release, ReleaseCatalog } from '#releases';

import type { PageContext } from '../layout.js';
import { renderReleasesPage } from '../releases-frame.js';
import { releasePath } from '../../releases/release-path.js';
import { ListActions } from './managing.js';
import type { RenderedNotes } from './notes.js';
import { Badges, Facts } from './release-head.js';

export interface ReleasesPageProps extends PageContext {
  readonly catalog: ReleaseCatalog;
  /** Those of this page. */
  readonly releases: readonly Release[];
  readonly page: number;
  readonly pages: number;
  /** The beginning of the notes of a release. */
  readonly notesOf: (release: Release) => RenderedNotes | undefined;
  /** What ages count from, in milliseconds since the epoch. */
  readonly now: number;
  readonly readOnly: boolean;
  /** Those that the asker may see; undefined for the public, who sees none and changes nothing. */
  readonly drafts?: readonly Release[];
  /** Whether the asker may make drafts. */
  readonly mayDraft?: boolean;
}

/** Drafts that are shown: more are forgotten ones. */
const MOST_DRAFTS = 50;

/** All releases as a page, the last published first, complete without script. */
export function releasesPage(props: ReleasesPageProps): string {
  const { releases, page, pages, root, files, readOnly, drafts, mayDraft = false } = props;
  return renderReleasesPage({
    title: 'Releases – Release Server',
    root,
    files,
    head: <link rel="alternate" type="application/atom+xml" title="Releases" href={`${root}releases.atom`} />,
    readOnly,
    children: (
      <>
        <div class="title" data-managed={drafts === undefined ? undefined : 'list'}>
          <h1>Releases</h1>
          {mayDraft && <ListActions />}
        </div>
        {page === 1 && drafts !== undefined && <Drafts {...props} drafts={drafts} />}
        {releases.length === 0 && (
          <p class="nothing">
            {page === 1 ? 'There are no public releases yet.' : `There are only ${pages} pages.`}{' '}
            <a href={`${root}packages`}>All packages</a>
          </p>
        )}
        {releases.map((release) => (
          <ReleaseItem key={release.tag} {...props} release={release} />
        ))}
        {pages > 1 && (
          <nav class="pager" aria-label="Pages">
            {page > 1 && (
              <a href={`${root}releases?page=${Math.min(page - 1, pages)}`} rel="prev">
                Newer
              </a>
            )}
            {page < pages && (
              <a href={`${root}releases?page=${page + 1}`} rel="next">
                Older
              </a>
            )}
          </nav>
        )}
      </>
    ),
  });
}

function Drafts(props: ReleasesPageProps & { drafts: readonly Release[] }) {
  const { drafts } = props;
  const shown = drafts.slice(0, MOST_DRAFTS);
  return (
    <>
      {shown.map((draft) => (
        <ReleaseItem key={draft.tag} {...props} release={draft} />
      ))}
      {shown.length < drafts.length && (
        <p class="nothing">
          These are the newest {shown.length} of {drafts.length} drafts.
        </p>
      )}
    </>
  );
}

function ReleaseItem({ release, catalog, notesOf, now, root }: ReleasesPageProps & { release: Release }) {
  const { title, tag } = release;
  const notes = notesOf(release);
  const id = `${release.isDraft ? 'draft' : 'release'}-${encodeURIComponent(tag)}`;
  return (
    <section class="release" aria-labelledby={id}>
      <header>
        <h2 id={id}>
          <a href={`${root}${releasePath(tag)}`}>{title}</a>
        </h2>
        <Badges release={release} catalog={catalog} />
        <Facts release={release} now={now} />
      </header>
      {notes !== undefined && (
        <div class="notes" dir="auto" dangerouslySetInnerHTML={{ __html: notes.html }} />
      )}
      {notes?.isCut === true && (
        <p>
          <a href={`${root}${releasePath(tag)}`}>
            All notes<span class="hidden"> of {title}</span>
          </a>
        </p>
      )}
    </section>
  );
}
