import type { Release, ReleaseCatalog } from '#releases';
import { fileOf, StorageError } from '#storage';

import { releasePath } from '../release-path.js';
import type { NotesRequest } from './github-body.js';

/** Assets that notes tell of, so that they are not too long for a release. */
const MOST_ASSETS = 400;

/**
 * Notes of what this server knows of a release: its assets with their digests, and the release before it. Throws
 * `release_not_found` where the one before is named and there is none.
 *
 * @param own - The release, where there is one that the asker may see. @param base - Of links.
 * @param previous - The tag of the release before; by default the latest.
 */
export function generatedNotes(
  catalog: ReleaseCatalog,
  own: Release | undefined,
  { tag, previous }: NotesRequest,
  base: string,
): { readonly name: string; readonly body: string } {
  const before = previous === undefined ? latestBut(catalog, own) : catalog.byTag(previous);
  if (previous !== undefined && before === undefined) {
    throw new StorageError('release_not_found', 'There is no release of the tag previous_tag_name.');
  }
  const all = own?.assets ?? [];
  const assets = all
    .slice(0, MOST_ASSETS)
    .map(
      (stored) =>
        `- \`${fileOf(stored)}\`${stored.sha256 === undefined ? '' : ` (sha256: ${stored.sha256})`}`,
    );
  const lines = assets.toSorted();
  if (all.length > lines.length) lines.push(`- and ${all.length - lines.length} more`);
  const parts = [
    ...(lines.length === 0 ? [] : [`## Assets\n\n${lines.join('\n')}`]),
    ...(before === undefined ? [] : [`**Previous release**: ${base}/${releasePath(before.tag)}`]),
  ];
  return { name: tag, body: parts.join('\n\n') };
}

function latestBut({ latestRelease, recent }: ReleaseCatalog, own: Release | undefined): Release | undefined {
  return latestRelease !== undefined && latestRelease.id !== own?.id
    ? latestRelease
    : recent.find(({ id, hasTag }) => hasTag && id !== own?.id);
}
