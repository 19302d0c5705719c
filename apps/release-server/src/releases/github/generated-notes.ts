import type { Release, ReleaseCatalog } from '#releases';
import { fileOf, StorageError } from '#storage';

import { releasePath } from '../release-path.js';

/**
 * Notes of what this server knows of a release: its assets with their digests, and the release before it. Throws
 * `release_not_found` where the one before is named and there is none.
 *
 * @param base - Of links.
 * @param previous - The tag of the release before; by default the latest.
 */
export function generatedNotes(
  catalog: ReleaseCatalog,
  { tag, previous }: { readonly tag: string; readonly previous?: string },
  base: string,
): { readonly name: string; readonly body: string } {
  const own = catalog.draftByTag(tag) ?? catalog.byTag(tag);
  const before = previous === undefined ? latestBut(catalog, own) : catalog.byTag(previous);
  if (previous !== undefined && before === undefined) {
    throw new StorageError('release_not_found', 'There is no release of the tag previous_tag_name.');
  }
  const assets = (own?.assets ?? []).map(
    (stored) => `- \`${fileOf(stored)}\`${stored.sha256 === undefined ? '' : ` (sha256: ${stored.sha256})`}`,
  );
  const parts = [
    ...(assets.length === 0 ? [] : [`## Assets\n\n${assets.toSorted().join('\n')}`]),
    ...(before === undefined ? [] : [`**Previous release**: ${base}/${releasePath(before.tag)}`]),
  ];
  return { name: tag, body: parts.join('\n\n') };
}

function latestBut({ latestRelease, recent }: ReleaseCatalog, own: Release | undefined): Release | undefined {
  return latestRelease !== undefined && latestRelease.id !== own?.id
    ? latestRelease
    : recent.find(({ id, hasTag }) => hasTag && id !== own?.id);
}
