import type { Release, ReleaseCatalog } from '#releases';
import { fileOf } from '#storage';
import type { RetentionForecast, RetentionPolicy } from '#retention';

import { startCommand } from './shell-lines.js';
import { Command, Size, Time } from './parts.js';
import { newestTemplate, type Template } from './template.js';
import { counted } from './words.js';

interface OverviewProps {
  readonly catalog: ReleaseCatalog;
  /** What retention goes by. */
  readonly limits: RetentionPolicy['limits'];
  readonly forecast: RetentionForecast;
  readonly base: string;
  readonly now: number;
}

/** What is stored as a whole, how full that is, and how to start from it. */
export function Overview({ catalog, limits, forecast, base, now }: OverviewProps) {
  const { packages, latest, size } = catalog;
  // Another policy than that of the number may be in place, and go by something else.
  const { max_packages: limit } = limits;
  const template = newestTemplate(catalog);
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
        <Next forecast={forecast} />
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
function Next({ forecast }: Pick<OverviewProps, 'forecast'>) {
  const { forPackage, releaseCount, forRelease, byRelease } = forecast;
  const [first] = forPackage;
  const releases = [...byRelease].slice(0, NAMED).map(([release, leave]) => {
    const count = release.assets.length;
    const all = count === 1 ? 'the last' : `all ${count}`;
    const share = leave === count ? all : `${leave} of the ${count}`;
    return `${share} ${release.hasTag ? `of ${release.tag}` : 'without a version'}`;
  });
  return (
    <>
      {first !== undefined && (
        <p class="quiet next">
          The next new package takes the place of <bdi>{fileOf(first)}</bdi>
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

function Latest({ release, now }: { release: Release; now: number }) {
  return (
    <>
      <h2>
        Latest release <span class="tag">{release.hasTag ? release.tag : 'without a version'}</span>
      </h2>
      <p class="quiet">
        {counted(release.assets.length, 'package')}, <Size bytes={release.size} />,{' '}
        <Time time={release.updatedAt} now={now} />
      </p>
    </>
  );
}

/** The release with the newest template need not be the latest: another product's may be. */
function Start({ template: { agent, release }, base }: { template: Template; base: string }) {
  return (
    <>
      <p class="quiet">
        Start a project from the template of{' '}
        <span class="tag">{release.hasTag ? release.tag : 'no version'}</span>
        {release.isPrerelease && ', a pre-release'}:
      </p>
      <Command of="the specify line">{startCommand(base, agent)}</Command>
    </>
  );
}
