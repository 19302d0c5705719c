import type { Package } from '#storage';

import { parseListQuery } from './package-list.query.js';
import { PackageSearch } from './package-search.js';

function stored(name: string, size: number, createdAt: number): Package {
  return { name, size, createdAt, sha256: undefined, revision: name };
}

const packages = [
  stored('Claude-sh-v1.2.0.zip', 20, 5),
  stored('claude-ps-v1.2.0.zip', 20, 4),
  stored('claude-sh-v2.0.0-rc.1.zip', 30, 3),
  stored('readme.txt', 1, 2),
  stored('claude-sh-v1.1.0.zip', 10, 1),
];
const search = new PackageSearch(packages);

function names(query: Record<string, string>): string[] {
  return search.select(parseListQuery(query)).packages.map(({ name }) => name);
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
    expect(names({})).toEqual(packages.map(({ name }) => name));
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
    const second = search.select(parseListQuery({ q: 'claude', page: '2', per_page: '3' }));
    expect(second).toMatchObject({ total: 4, page: 2, pages: 2 });
    expect(second.packages.map(({ name }) => name)).toEqual(['claude-sh-v1.1.0.zip']);
    expect(search.select(parseListQuery({ page: '9', per_page: '2' }))).toMatchObject({
      packages: [],
      total: 5,
      pages: 3,
    });
    expect(search.select(parseListQuery({ q: 'zz' }))).toMatchObject({ total: 0, page: 1, pages: 1 });
  });
});
