import type { Package } from '#storage';

import { parseListQuery } from './package-list.query.js';
import { PackageSearch } from './package-search.js';

function stored(name: string, size: number, createdAt: number): Package {
  return { name, size, createdAt, sha256: undefined, revision: name };
}

const listing = new PackageSearch([
  stored('Claude-sh-v1.2.0.zip', 20, 5),
  stored('claude-ps-v1.2.0.zip', 20, 4),
  stored('claude-sh-v2.0.0-rc.1.zip', 30, 3),
  stored('readme.txt', 1, 2),
  stored('claude-sh-v1.1.0.zip', 10, 1),
]);

function names(query: Record<string, string>): string[] {
  return listing.select(parseListQuery(query)).packages.map(({ name }) => name);
}

describe('PackageSearch', () => {
  it('finds names with every word, in any order and case', () => {
    expect(names({ q: 'v1 CLAUDE' })).toEqual([
      'Claude-sh-v1.2.0.zip',
      'claude-ps-v1.2.0.zip',
      'claude-sh-v1.1.0.zip',
    ]);
    expect(names({ q: '  sh\tv1.2 ' })).toEqual(['Claude-sh-v1.2.0.zip']);
    expect(names({ q: 'claude nothing' })).toEqual([]);
    expect(names({ q: '.*' })).toEqual([]);
  });

  it('sorts by time, name and size in both directions, and by name what is of one size', () => {
    expect(names({})).toEqual(listing.packages.map(({ name }) => name));
    expect(names({ order: 'asc' })).toEqual(names({}).toReversed());
    expect(names({ sort: 'name' })[0]).toBe('Claude-sh-v1.2.0.zip');
    expect(names({ sort: 'name', order: 'desc' })[0]).toBe('readme.txt');
    expect(names({ sort: 'size' }).slice(0, 3)).toEqual([
      'claude-sh-v2.0.0-rc.1.zip',
      'Claude-sh-v1.2.0.zip',
      'claude-ps-v1.2.0.zip',
    ]);
    expect(names({ sort: 'size', order: 'asc' }).slice(2, 4)).toEqual([
      'Claude-sh-v1.2.0.zip',
      'claude-ps-v1.2.0.zip',
    ]);
  });

  it('cuts pages from the order, and counts all that was found', () => {
    const second = listing.select(parseListQuery({ q: 'claude', page: '2', per_page: '3' }));
    expect(second).toMatchObject({ total: 4, page: 2, pages: 2 });
    expect(second.packages.map(({ name }) => name)).toEqual(['claude-sh-v1.1.0.zip']);
    expect(listing.select(parseListQuery({ page: '9', per_page: '2' }))).toMatchObject({
      packages: [],
      total: 5,
      pages: 3,
    });
    expect(listing.select(parseListQuery({ q: 'zz' }))).toMatchObject({ total: 0, page: 1, pages: 1 });
  });

  it('counts a release as a whole, whatever was searched for', () => {
    const [first, , , unversioned] = listing.packages;
    expect(listing.releaseOf(first!)).toMatchObject({
      version: { tag: 'v1.2.0' },
      count: 2,
      size: 40,
      createdAt: 5,
    });
    expect(listing.releaseOf(unversioned!)).toMatchObject({ version: undefined, count: 1, size: 1 });
    expect(listing.size).toBe(81);
  });

  it('starts a project from the newest release that has a template', () => {
    const template = (...given: readonly string[]) => {
      const packages = given.map((name, age) => stored(name, 1, 100 - age));
      const found = new PackageSearch(packages).template();
      return found && [found.agent, found.release.version?.tag];
    };
    const v1 = 'spec-kit-template-claude-sh-v1.0.0.zip';
    expect(template('tool-3-v3.0.0.zip', v1)).toEqual(['claude', 'v1.0.0']);
    expect(template('tool-3-v3.0.0.zip', 'a.txt')).toBeUndefined();
    expect(template()).toBeUndefined();
    expect(template('spec-kit-template-claude-sh-v2.0.0-rc.1.zip', v1)).toEqual(['claude', 'v1.0.0']);
    expect(template('spec-kit-template-claude-sh-v2.0.0.zip.sha256', v1)).toEqual(['claude', 'v1.0.0']);
    expect(template('spec-kit-template-q-ps-v2.0.0.zip', v1)).toEqual(['q', 'v2.0.0']);
    expect(template('spec-kit-template-cursor-agent-sh-2.0.0.zip', v1)).toEqual(['cursor-agent', '2.0.0']);
    expect(template('spec-kit-template-amp-sh-v1.0.0.zip', v1)).toEqual(['claude', 'v1.0.0']);
    // A release candidate is better than nothing, and said to be one.
    expect(template('spec-kit-template-claude-sh-v1.0.0-rc.1.zip')).toEqual(['claude', 'v1.0.0-rc.1']);
  });

  it('counts all spellings of a version as one release, under that of the newest', () => {
    const spelt = new PackageSearch([stored('a_1.2.0_amd64.deb', 1, 2), stored('a-v1.2.0.zip', 2, 1)]);
    expect(spelt.releaseOf(spelt.packages[1]!)).toMatchObject({
      version: { tag: '1.2.0' },
      count: 2,
      size: 3,
    });
  });

  it('names the release that clients get who name none', () => {
    expect(listing.latest()?.version?.tag).toBe('v1.2.0');
    expect(new PackageSearch([]).latest()).toBeUndefined();
    const prerelease = [stored('a-1.0.0-rc.1.zip', 1, 1), stored('b.zip', 1, 2)];
    expect(new PackageSearch(prerelease).latest()?.version?.tag).toBe('1.0.0-rc.1');
  });
});
