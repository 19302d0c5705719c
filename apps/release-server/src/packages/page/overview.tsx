import type { RetentionPolicy } from '#retention';

import type { PackageListing, ReleaseSummary, TemplateSummary } from '../package-listing.js';
import { startCommand } from './commands.js';
import { Command, Size, Time } from './parts.js';
import { counted } from './words.js';

interface OverviewProps {
  readonly listing: PackageListing;
  /** What retention goes by. */
  readonly limits: RetentionPolicy['limits'];
  readonly base: string;
  readonly now: number;
}

/** What is stored as a whole, how full that is, and how to start from it. */
export function Overview({ listing, limits, base, now }: OverviewProps) {
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
