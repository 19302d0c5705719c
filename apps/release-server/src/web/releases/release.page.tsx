import type { Release, ReleaseCatalog } from '#releases';

import { renderPage, type PageContext } from '../layout.js';
import { PackageTable } from '../packages/package-table.js';
import type { RenderedNotes } from './notes.js';
import { Badges, Facts } from './release-head.js';

export interface ReleasePageProps extends PageContext {
  readonly catalog: ReleaseCatalog;
  readonly release: Release;
  readonly notes: RenderedNotes | undefined;
  /** The base of links that hold everywhere. */
  readonly base: string;
  /** What ages count from, in milliseconds since the epoch. */
  readonly now: number;
}

/** Packages that are shown: a release has as many as the list of packages has on a page. */
const MOST_ASSETS = 1000;

/** One release as a page, complete without script. */
export function releasePage(props: ReleasePageProps): string {
  const { catalog, release, notes, base, now, root, files } = props;
  const { title, tag, assets } = release;
  const shown = assets.slice(0, MOST_ASSETS);
  return renderPage({
    title: `${title} – Releases – Release Server`,
    root,
    files,
    head: <script type="module" id="script" src={files.url('release.js', root)} />,
    children: (
      <article class="release" data-tag={tag}>
        <header>
          <h1>{title}</h1>
          <Badges release={release} catalog={catalog} />
          <Facts release={release} now={now} />
        </header>
        <Notes notes={notes} />
        <h2>Packages</h2>
        {assets.length === 0 && <p class="nothing">This release has no packages.</p>}
        {assets.length > 0 && (
          <PackageTable
            packages={shown}
            base={base}
            now={now}
            leaving={new Set()}
            deletable={false}
            caption={`Packages of ${title}`}
          />
        )}
        {shown.length < assets.length && (
          <p class="nothing">
            These are the newest {shown.length} of {assets.length}.{' '}
            <a href={`${root}packages`}>Find others</a>
          </p>
        )}
      </article>
    ),
  });
}

/** Notes in Markdown, made HTML by `renderNotes`. */
export function Notes({ notes }: Pick<ReleasePageProps, 'notes'>) {
  if (notes === undefined) return null;
  return (
    <>
      <div class="notes" dir="auto" dangerouslySetInnerHTML={{ __html: notes.html }} />
      {notes.isCut && <p class="quiet">The notes go on, and are too long to be shown here.</p>}
    </>
  );
}
