import mime from 'mime';

import { numericId, releaseId, UNVERSIONED_TAG, type ReleaseCatalog } from '#releases';
import { fileOf, labelOf, type Package } from '#storage';

import { digestOf } from '../http/digest.js';
import { packageUrl, type UrlOf } from '../packages/package.view.js';

/** In whose name the server publishes where nobody is known. */
export const SERVER_LOGIN = 'release-server';

/**
 * All packages as one release without its assets, in the shape of GitHub's "Get the latest release" (REST API 2022-11-28). What
 * this server has no counterpart for is null, empty or zero; downloads are not counted.
 *
 * @param catalog - Of the list of a store, which comes newest first.
 * @param immutable - Whether packages can be neither overwritten nor deleted.
 */
export function releaseView(catalog: ReleaseCatalog, base: string, immutable: boolean) {
  const { latest, packages } = catalog;
  const tag = latest?.tag ?? UNVERSIONED_TAG;
  const newest = packages[0] && isoTime(packages[0].createdAt);
  return {
    url: `${base}/latest`,
    html_url: `${base}/packages`,
    assets_url: `${base}/latest`,
    upload_url: `${base}/upload{?overwrite,digest,release}`,
    tarball_url: null,
    zipball_url: null,
    id: latest?.id ?? releaseId(tag),
    node_id: nodeId(`release:${tag}`),
    tag_name: tag,
    target_commitish: 'main',
    name: tag,
    body: '',
    draft: false,
    prerelease: latest?.isPrerelease ?? false,
    immutable,
    created_at: newest ?? isoTime(0),
    updated_at: newest ?? isoTime(0),
    published_at: newest ?? null,
    author: authorView(base),
  };
}

/** A package as an asset of a release. @param urlOf - For readers, as with `packageView`. */
export function assetView(stored: Package, catalog: ReleaseCatalog, base: string, urlOf: UrlOf = packageUrl) {
  const { name, size } = stored;
  const file = fileOf(stored);
  const url = urlOf(stored, base);
  const createdAt = isoTime(stored.createdAt);
  return {
    url,
    browser_download_url: url,
    id: catalog.assetId(stored),
    node_id: nodeId(`asset:${name}`),
    name: file,
    label: labelOf(catalog.releaseOf(stored).record, file) ?? null,
    state: 'uploaded',
    content_type: mime.getType(file) ?? 'application/octet-stream',
    size,
    digest: digestOf(stored),
    download_count: 0,
    created_at: createdAt,
    updated_at: createdAt,
    uploader: null,
  };
}

/** Who published, in the shape of GitHub's users; by default the server in its own name. */
export function authorView(base: string, login: string = SERVER_LOGIN) {
  return {
    login,
    id: numericId(login),
    node_id: nodeId(login),
    avatar_url: '',
    gravatar_id: '',
    url: base,
    html_url: `${base}/packages`,
    followers_url: base,
    following_url: base,
    gists_url: base,
    starred_url: base,
    subscriptions_url: base,
    organizations_url: base,
    repos_url: base,
    events_url: base,
    received_events_url: base,
    type: 'Bot',
    site_admin: false,
  };
}

/** ISO 8601 in whole seconds, as GitHub writes it. */
export function isoTime(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

export function nodeId(name: string): string {
  return Buffer.from(name).toString('base64url');
}
