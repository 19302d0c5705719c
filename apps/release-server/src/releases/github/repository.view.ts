import { numericId, type ReleaseCatalog } from '#releases';

import { authorView, isoTime, nodeId } from '../release.view.js';
import type { Repository } from '../repository.js';
import type { ApiAddress } from './github-api.js';

/** The stored packages as a repository of GitHub's REST API. @param mayWrite - Whether the asker may publish here. */
export function githubRepository(
  api: ApiAddress,
  { owner, name, fullName, isPrivate }: Repository,
  { packages, recent }: ReleaseCatalog,
  mayWrite: boolean,
) {
  const page = `${api.base}/releases`;
  const newest = isoTime(packages[0]?.createdAt ?? 0);
  return {
    id: numericId(`repository:${fullName}`),
    node_id: nodeId(`repository:${fullName}`),
    name,
    full_name: fullName,
    private: isPrivate,
    owner: authorView(api.base, owner),
    html_url: page,
    description: null,
    fork: false,
    url: api.repository,
    releases_url: `${api.repository}/releases{/id}`,
    clone_url: `${api.base}/${fullName}.git`,
    homepage: null,
    size: 0,
    stargazers_count: 0,
    watchers_count: 0,
    forks_count: 0,
    open_issues_count: 0,
    language: null,
    has_issues: false,
    has_projects: false,
    has_wiki: false,
    has_pages: false,
    has_downloads: true,
    has_discussions: false,
    archived: false,
    disabled: false,
    license: null,
    topics: [],
    visibility: isPrivate ? 'private' : 'public',
    default_branch: 'main',
    created_at: isoTime(recent.at(-1)?.createdAt ?? 0),
    updated_at: newest,
    pushed_at: newest,
    permissions: { admin: false, maintain: mayWrite, push: mayWrite, triage: mayWrite, pull: true },
  };
}
