import type { Release, ReleaseCatalog } from '#releases';
import type { Package } from '#storage';

import type { UrlOf } from '../../packages/package.view.js';
import { releasePath } from '../release-path.js';
import { assetView, authorView, isoTime, nodeId, SERVER_LOGIN } from '../release.view.js';
import type { ApiAddress } from './github-api.js';

/** A release in the shape of GitHub's REST API (2022-11-28), without its assets. @param immutable - Whether public ones are. */
export function githubRelease(release: Release, api: ApiAddress, immutable: boolean) {
  const { id, tag, title, notes, record, isDraft, isPrerelease, createdAt, updatedAt, publishedAt } = release;
  const url = `${api.repository}/releases/${id}`;
  return {
    url,
    assets_url: `${url}/assets`,
    upload_url: `${api.uploads}/releases/${id}/assets{?name,label}`,
    html_url: `${api.base}/${releasePath(tag)}`,
    id,
    node_id: nodeId(`release:${tag}`),
    tag_name: tag,
    target_commitish: record?.target ?? 'main',
    name: title,
    body: notes,
    draft: isDraft,
    prerelease: isPrerelease,
    immutable: immutable && !isDraft,
    created_at: isoTime(createdAt),
    updated_at: isoTime(updatedAt),
    published_at: publishedAt === undefined ? null : isoTime(publishedAt),
    author: authorView(api.base, record?.author ?? SERVER_LOGIN),
    tarball_url: null,
    zipball_url: null,
  };
}

/** A package as GitHub's REST API has an asset. @param urlOf - For readers, as with `packageView`. */
export function githubAsset(stored: Package, catalog: ReleaseCatalog, api: ApiAddress, urlOf?: UrlOf) {
  const url = `${api.repository}/releases/assets/${catalog.assetId(stored)}`;
  return { ...assetView(stored, catalog, api.base, urlOf), url };
}

/** A release with all of its assets. */
export function githubReleaseWhole(
  release: Release,
  catalog: ReleaseCatalog,
  api: ApiAddress,
  immutable: boolean,
) {
  const assets = release.assets.map((stored) => githubAsset(stored, catalog, api));
  return { ...githubRelease(release, api, immutable), assets };
}
