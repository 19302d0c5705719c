import type { RetentionPolicy } from '#retention';

import type { Leaving } from '../../packages/leaving.js';
import type { PackageSearch, ReleaseSummary, TemplateSummary } from '../../packages/package-search.js';
import { startCommand } from './shell-lines.js';
import { Command, Size, Time } from './parts.js';
import { counted } from './words.js';

interface OverviewProps {
  readonly listing: PackageSearch;
  /** What retention goes by. */
  readonly limits: RetentionPolicy['limits'];
  readonly leaving: Leaving;
  readonly base: string;
  readonly now: number;
}

/** What is stored as a whole, how full that is, and how to start from it. */
export function Overview({ listing, limits, leaving, base, now }: OverviewProps) {
  const { packages, size } = listing;
  // Another policy than that of the number may be in place, and go by something else.
  const { max_packages: limit } = limits;
  const latest = listing.latest();
  const template = listing.template();
  return (
    <section class="overview" aria-label="Overview">
      <div class="figures">
        <p>
          <strong>{counted(packages.length, 'package')}</strong>, <Size bytes={size} />
        </p>
        {limit === null && <p class="quiet">No limit on the number of packages</p>}
        {typeof limit === 'number' && (
          <p class="quiet">
            <meter
              min={0}
              max={limit}
              value={Math.min(packages.length, limit)}
              aria-label="Packages of the limit"
            />{' '}
            {packages.length} of at most {limit}; beyond that the oldest leave
          </p>
        )}
        <Next leaving={leaving} />
      </div>
      {latest !== undefined && (
        <div class="latest">
          <Latest release={latest} now={now} />
          {template !== undefined && <Start template={template} base={base} />}
        </div>
      )}
    </section>
  );
}

/** How many releases are named of which packages leave next. */
const NAMED = 3;

/** What leaves next, where anything does. */
function Next({ leaving: { forPackage, releaseCount, forRelease, byRelease } }: { leaving: Leaving }) {
  const [first] = forPackage;
  const releases = [...byRelease].slice(0, NAMED).map(([{ version, count }, leave]) => {
    const all = count === 1 ? 'the last' : `all ${count}`;
    const share = leave === count ? all : `${leave} of the ${count}`;
    return `${share} ${version === undefined ? 'without a version' : `of ${version.tag}`}`;
  });
  return (
    <>
      {first !== undefined && (
        <p class="quiet next">
          The next new package takes the place of <bdi>{first.name}</bdi>
          {forPackage.length > 1 && ` and ${forPackage.length - 1} more`}.
        </p>
      )}
      {forRelease.length > forPackage.length && (
        <p class="quiet next">
          Another release of {releaseCount} takes the place of {counted(forRelease.length, 'package')}:{' '}
          {releases.join(', ')}
          {byRelease.size > NAMED && ' and others'}.
        </p>
      )}
    </>
  );
}

function Latest({ release, now }: { release: ReleaseSummary; now: number }) {
  return (
    <>
      <h2>
        Latest release <span class="tag">{release.version?.tag ?? 'without a version'}</span>
      </h2>
      <p class="quiet">
        {counted(release.count, 'package')}, <Size bytes={release.size} />,{' '}
        <Time time={release.createdAt} now={now} />
      </p>
    </>
  );
}

/** The release with the newest template need not be the latest: another product's may be. */
function Start({ template: { agent, release }, base }: { template: TemplateSummary; base: string }) {
  return (
    <>
      <p class="quiet">
        Start a project from the template of <span class="tag">{release.version?.tag ?? 'no version'}</span>
        {release.version?.isPrerelease === true && ', a pre-release'}:
      </p>
      <Command of="the specify line">{startCommand(base, agent)}</Command>
    </>
  );
}
