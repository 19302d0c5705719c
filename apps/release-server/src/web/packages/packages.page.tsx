import { randomUUID } from 'node:crypto';

import { render } from 'preact-render-to-string';

import type { Release, ReleaseCatalog } from '#releases';
import type { RetentionForecast, RetentionPolicy } from '#retention';
import { fileOf, type Package } from '#storage';

import type { Config } from '../../config/config.js';
import type { PageContext } from '../layout.js';
import { listUrl } from '../../packages/package-list.links.js';
import type { PackageListQuery } from '../../packages/package-list.query.js';
import type { PackagePage } from '../../packages/package-search.js';
import type { UrlOf } from '../../packages/package.view.js';
import { releasePath } from '../../releases/release-path.js';
import { publishCommand } from './shell-lines.js';
import { Found, Pager, Search, Sorting } from './finding.js';
import { Overview } from './overview.js';
import { renderPackagesPage } from './packages-frame.js';
import { PackageTable } from './package-table.js';
import { Command, Size, Time } from './parts.js';
import { counted } from './words.js';

/** Stands for the packages of a plain page, of which each is a {@link packageLink}. Nobody can guess and search it. */
export const ROWS = `rows:${randomUUID()}`;

export interface PackagesPageProps extends PageContext {
  readonly catalog: ReleaseCatalog;
  readonly page: PackagePage;
  readonly query: PackageListQuery;
  /** The base of links that hold everywhere. */
  readonly base: string;
  /** The address of a package. */
  readonly urlOf: UrlOf;
  /** Whether the packages are too many to say more of each than its name. */
  readonly plain: boolean;
  /** What ages count from, in milliseconds since the epoch. */
  readonly now: number;
  /** What retention goes by. */
  readonly limits: RetentionPolicy['limits'];
  /** What makes room for what is published next. */
  readonly forecast: RetentionForecast;
  readonly config: Pick<Config, 'max_upload_size' | 'read_only' | 'allow_overwrite' | 'allow_delete'>;
}

/** The list as a page, complete without script. */
export function packagesPage(props: PackagesPageProps): string {
  const { catalog, query, root, files, config } = props;
  const empty = catalog.packages.length === 0;
  return renderPackagesPage({
    title: query.q === '' ? 'Packages – Release Server' : `${query.q} – Packages – Release Server`,
    root,
    files,
    config,
    overview: !empty && <Overview {...props} />,
    search: !empty && <Search query={query} root={root} />,
    results: empty ? <Empty {...props} /> : <Results {...props} />,
  });
}

function Results(props: PackagesPageProps) {
  const { page, query, root } = props;
  return (
    <>
      <div class="results-head">
        <Found query={query} root={root} page={page} />
        <Sorting query={query} root={root} />
      </div>
      {page.total === 0 && (
        <p class="nothing">
          {nothingFor(query)} <a href={`${root}packages`}>Show all packages</a>
        </p>
      )}
      {page.total > 0 && page.blocks.length === 0 && (
        <p class="nothing">
          {page.pages === 1 ? 'There is only one page.' : `There are only ${page.pages} pages.`}{' '}
          <a href={listUrl(root, { ...query, page: undefined })}>Go to the first</a>
        </p>
      )}
      <List {...props} />
      <Pager query={query} root={root} page={page} />
    </>
  );
}

function nothingFor({ q, release }: PackageListQuery): string {
  if (q.trim() === '') return 'There is no package of this release.';
  const what = q.trim().includes(' ') ? 'all these words' : 'this';
  return `No package${release === undefined ? '' : ' of this release'} has ${what} in its name.`;
}

function List(props: PackagesPageProps) {
  const { plain, query, page } = props;
  if (page.blocks.length === 0) return null;
  if (plain) return <ul>{ROWS}</ul>;
  return query.sort === 'created_at' ? <Releases {...props} /> : <Flat {...props} />;
}

/** By release, in the order in which their packages come; last those without a version. */
function Releases(props: PackagesPageProps) {
  const { catalog, page } = props;
  const groups = Map.groupBy(page.blocks.flat(), (stored) => catalog.releaseOf(stored));
  const withTag = [...groups].filter(([{ hasTag }]) => hasTag);
  const without = [...groups].filter(([{ hasTag }]) => !hasTag);
  return (
    <>
      {[...withTag, ...without].map(([release, packages]) => (
        <ReleaseSection
          key={release.tag}
          {...props}
          release={release}
          packages={packages}
          latest={release === catalog.latest}
        />
      ))}
    </>
  );
}

interface SectionProps extends PackagesPageProps {
  readonly release: Release;
  readonly packages: readonly Package[];
  readonly latest: boolean;
}

function ReleaseSection({
  release,
  packages,
  latest,
  forecast,
  base,
  urlOf,
  now,
  root,
  config,
}: SectionProps) {
  const { size, updatedAt, assets } = release;
  const count = assets.length;
  const title = release.hasTag ? release.title : 'Without a version';
  const leave = forecast.byRelease.get(release) ?? 0;
  // Where the store is full, others of it may have made room before.
  const left = leave > 0 && forecast.forPackage.length > 0 ? ' left' : '';
  const id = `release-${release.hasTag ? encodeURIComponent(release.tag) : 'none'}`;
  return (
    <section class="release" aria-labelledby={id}>
      <header>
        <h2 id={id}>{release.hasTag ? <a href={`${root}${releasePath(release.tag)}`}>{title}</a> : title}</h2>
        {latest && <span class="badge">latest</span>}
        {release.isPrerelease && <span class="badge pre">pre-release</span>}
        {leave > 0 && (
          <span class="badge leaving">
            {leave === count ? 'leaves' : counted(leave, 'leaves', 'leave')} next
          </span>
        )}
        <p class="quiet">
          <Time time={updatedAt} now={now} /> · {counted(count, 'package')}
          {left} · <Size bytes={size} />
          {packages.length < count && ` · ${packages.length} of them here`}
        </p>
      </header>
      <PackageTable
        packages={packages}
        base={base}
        urlOf={urlOf}
        now={now}
        leaving={forecast.names}
        deletable={!config.read_only && config.allow_delete}
        downloadable
        caption={`Packages of ${title}`}
      />
    </section>
  );
}

function Flat({ page, base, urlOf, now, forecast, config, query }: PackagesPageProps) {
  const caption = `Packages by ${query.sort}`;
  return (
    <PackageTable
      packages={page.blocks.flat()}
      base={base}
      urlOf={urlOf}
      now={now}
      leaving={forecast.names}
      deletable={!config.read_only && config.allow_delete}
      downloadable
      caption={caption}
    />
  );
}

/** One package of a plain page. */
export function packageLink(stored: Package, url: string): string {
  return render(
    <li>
      <a href={url}>{fileOf(stored)}</a>
    </li>,
  );
}

/** How to come to a first package. */
function Empty({ base, config }: PackagesPageProps) {
  return (
    <section class="empty" aria-labelledby="empty">
      <h2 id="empty">No packages yet</h2>
      {config.read_only ? (
        <p>This server is read-only: packages come by another way than this page.</p>
      ) : (
        <>
          <p>
            Publish the first one, with the token of this server's configuration in <code>TOKEN</code>:
          </p>
          <Command of="the publish line">{publishCommand(base)}</Command>
          <p class="scripted">Or press Publish, or drop files anywhere on this page.</p>
          <p class="quiet">
            The version in a name, such as <code>v1.0.0</code>, puts a package into the release of that
            version.
          </p>
        </>
      )}
    </section>
  );
}
