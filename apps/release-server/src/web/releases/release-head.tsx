import type { Release, ReleaseCatalog } from '#releases';

import { Size, Time } from '../packages/parts.js';
import { counted } from '../packages/words.js';

/** What kind of release it is. */
export function Badges({
  release,
  catalog,
}: {
  readonly release: Release;
  readonly catalog: ReleaseCatalog;
}) {
  return (
    <>
      {release.isDraft && <span class="badge draft">draft</span>}
      {!release.isDraft && release.tag === catalog.latestRelease?.tag && <span class="badge">latest</span>}
      {release.isPrerelease && <span class="badge pre">pre-release</span>}
    </>
  );
}

/** Its tag, where that is not its title, when it was published or drafted, and what is in it. */
export function Facts({ release, now }: { readonly release: Release; readonly now: number }) {
  const { tag, title, isDraft, createdAt, publishedAt, assets, size } = release;
  return (
    <p class="quiet">
      {title !== tag && (
        <>
          <span class="tag">{tag}</span> ·{' '}
        </>
      )}
      {isDraft && 'drafted '}
      <Time time={publishedAt ?? createdAt} now={now} /> · {counted(assets.length, 'package')}
      {assets.length > 0 && (
        <>
          {' '}
          · <Size bytes={size} />
        </>
      )}
    </p>
  );
}
