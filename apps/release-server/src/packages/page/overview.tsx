import type { RetentionPolicy } from '#retention';

import type { PackageListing, ReleaseSummary } from '../package-listing.js';
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
      {latest !== undefined && <Latest release={latest} base={base} now={now} />}
    </section>
  );
}

function Latest({ release, base, now }: { release: ReleaseSummary; base: string; now: number }) {
  return (
    <div class="latest">
      <h2>
        Latest release <span class="tag">{release.version?.tag ?? 'without a version'}</span>
      </h2>
      <p class="quiet">
        {counted(release.count, 'package')}, <Size bytes={release.size} />,{' '}
        <Time time={release.createdAt} now={now} />. Start a project from the newest template:
      </p>
      <Command of="the specify line">{startCommand(base)}</Command>
    </div>
  );
}
