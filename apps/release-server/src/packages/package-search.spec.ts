import type { Package } from '#storage';

import { parseListQuery } from './package-list.query.js';
import { searchPackages } from './package-search.js';

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

async function names(query: Record<string, string>): Promise<string[]> {
  const { blocks } = await searchPackages(packages, parseListQuery(query));
  return blocks.flat().map(({ name }) => name);
}

describe('the search in packages', () => {
  it('finds names with every word, in any order and case', async () => {
    expect(await names({ q: 'v1 CLAUDE' })).toEqual([
      'Claude-sh-v1.2.0.zip',
      'claude-ps-v1.2.0.zip',
      'claude-sh-v1.1.0.zip',
    ]);
    expect(await names({ q: '  sh\tv1.2 ' })).toEqual(['Claude-sh-v1.2.0.zip']);
    expect(await names({ q: 'claude nothing' })).toEqual([]);
    expect(await names({ q: '.*' })).toEqual([]);
  });

  it('sorts by time, name and size in both directions, and by name what is of one size', async () => {
    expect(await names({})).toEqual(packages.map(({ name }) => name));
    expect(await names({ order: 'asc' })).toEqual((await names({})).toReversed());
    expect((await names({ sort: 'name' }))[0]).toBe('Claude-sh-v1.2.0.zip');
    expect((await names({ sort: 'name', order: 'desc' }))[0]).toBe('readme.txt');
    expect((await names({ sort: 'size' })).slice(0, 3)).toEqual([
      'claude-sh-v2.0.0-rc.1.zip',
      'Claude-sh-v1.2.0.zip',
      'claude-ps-v1.2.0.zip',
    ]);
    expect((await names({ sort: 'size', order: 'asc' })).slice(2, 4)).toEqual([
      'Claude-sh-v1.2.0.zip',
      'claude-ps-v1.2.0.zip',
    ]);
  });

  it('cuts pages from the order, and counts all that was found', async () => {
    const second = await searchPackages(packages, parseListQuery({ q: 'claude', page: '2', per_page: '3' }));
    expect(second).toMatchObject({ total: 4, page: 2, pages: 2 });
    expect(second.blocks.flat().map(({ name }) => name)).toEqual(['claude-sh-v1.1.0.zip']);
    expect(await searchPackages(packages, parseListQuery({ page: '9', per_page: '2' }))).toMatchObject({
      blocks: [],
      total: 5,
      pages: 3,
    });
    expect(await searchPackages(packages, parseListQuery({ q: 'zz' }))).toMatchObject({
      total: 0,
      page: 1,
      pages: 1,
    });
  });
});
