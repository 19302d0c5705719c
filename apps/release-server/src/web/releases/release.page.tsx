import type { Release, ReleaseCatalog } from '#releases';

import type { Config } from '../../config/config.js';
import type { UrlOf } from '../../packages/package.view.js';
import type { PageContext } from '../layout.js';
import { renderReleasesPage } from '../releases-frame.js';
import { PackageTable } from '../packages/package-table.js';
import { ReleaseActions, releaseData, type ReleaseRights } from './managing.js';
import type { RenderedNotes } from './notes.js';
import { Badges, Facts } from './release-head.js';

export interface ReleasePageProps extends PageContext {
  readonly catalog: ReleaseCatalog;
  readonly release: Release;
  readonly notes: RenderedNotes | undefined;
  /** The base of links that hold everywhere. */
  readonly base: string;
  /** The address of a package. */
  readonly urlOf: UrlOf;
  /** What ages count from, in milliseconds since the epoch. */
  readonly now: number;
  readonly config: Pick<Config, 'max_upload_size' | 'read_only' | 'allow_overwrite'>;
  /** What the asker may do; undefined for the public. */
  readonly rights?: ReleaseRights;
}

/** Packages that are shown: a release has as many as the list of packages has on a page. */
const MOST_ASSETS = 1000;

/** One release as a page, complete without script. */
export function releasePage(props: ReleasePageProps): string {
  const { catalog, release, notes, now, root, files, config, rights } = props;
  const { title } = release;
  return renderReleasesPage({
    title: `${title} – Releases – Release Server`,
    root,
    files,
    readOnly: config.read_only,
    children: (
      <article
        class="release"
        data-managed={rights === undefined ? undefined : JSON.stringify(releaseData(release))}
      >
        {/* What a script brings up to date as a whole, as it does with the notes and the packages. */}
        <header id="head">
          <h1>{title}</h1>
          <Badges release={release} catalog={catalog} />
          <Facts release={release} now={now} />
        </header>
        {rights !== undefined && <ReleaseActions release={release} rights={rights} config={config} />}
        <div id="notes">
          <Notes notes={notes} />
        </div>
        <div id="results">
          <Packages {...props} />
        </div>
      </article>
    ),
  });
}

function Packages({ release, base, urlOf, now, root, rights }: ReleasePageProps) {
  const { title, assets, isDraft } = release;
  const shown = assets.slice(0, MOST_ASSETS);
  return (
    <>
      <h2>Packages</h2>
      {assets.length === 0 && <p class="nothing">This release has no packages.</p>}
      {assets.length > 0 && (
        <PackageTable
          packages={shown}
          base={base}
          urlOf={urlOf}
          now={now}
          leaving={new Set()}
          deletable={rights?.removePackages === true}
          downloadable={!isDraft}
          caption={`Packages of ${title}`}
        />
      )}
      {shown.length < assets.length && (
        <p class="nothing">
          These are the newest {shown.length} of {assets.length}.{' '}
          {!isDraft && <a href={`${root}packages`}>Find others</a>}
        </p>
      )}
    </>
  );
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
