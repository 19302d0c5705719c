import type { Release } from '#releases';

import type { Config } from '../../config/config.js';
import type { ReleaseData } from './release-data.js';

/** What somebody may do with a release whose page they ask for. */
export interface ReleaseRights {
  readonly edit: boolean;
  /** Publish it, being a draft, with all of its packages. */
  readonly publish: boolean;
  /** Publish packages into it. */
  readonly add: boolean;
  /** Delete packages of it: some at least. */
  readonly removePackages: boolean;
  /** Delete it with all of its packages. */
  readonly remove: boolean;
}

/** What the form that edits a release starts from. */
export function releaseData({ tag, notes, isDraft, isPrerelease, record }: Release): ReleaseData {
  const { latest, title = '' } = record ?? {};
  return {
    tag,
    title,
    notes,
    draft: isDraft,
    prerelease: isPrerelease,
    latest: latest === undefined ? 'legacy' : latest === 'never' ? 'false' : 'true',
  };
}

/** The buttons of the list. */
export function ListActions() {
  return (
    <div class="choices">
      <button type="button" class="primary" data-act="draft">
        Draft a release
      </button>
    </div>
  );
}

interface ActionsProps {
  readonly release: Release;
  readonly rights: ReleaseRights;
  readonly config: Pick<Config, 'max_upload_size' | 'allow_overwrite'>;
}

/** The buttons of a release, and the place where files are published into it. */
export function ReleaseActions({ release: { isDraft }, rights, config }: ActionsProps) {
  if (!rights.edit && !rights.publish && !rights.add && !rights.remove) return null;
  return (
    <>
      <div class="choices" id="actions">
        {rights.publish && (
          <button type="button" class="primary" data-act="publish">
            Publish release
          </button>
        )}
        {rights.add && (
          <button type="button" id="publish">
            Add files
          </button>
        )}
        {rights.edit && (
          <button type="button" data-act="edit">
            Edit
          </button>
        )}
        {rights.remove && (
          <button type="button" class="danger" data-act="delete">
            {isDraft ? 'Delete draft' : 'Delete release'}
          </button>
        )}
      </div>
      {rights.add && (
        <div
          id="publishing"
          data-max-size={config.max_upload_size}
          data-overwrite={String(config.allow_overwrite || isDraft)}
        />
      )}
    </>
  );
}
