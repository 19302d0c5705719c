import { catalogOf } from '#releases';
import { nameInRelease, type Package } from '#storage';

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

const catalog = catalogOf({ packages, drafts: [], releases: new Map() });

async function names(query: Record<string, string>, of = catalog): Promise<string[]> {
  const { blocks } = await searchPackages(of, parseListQuery(query));
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
    const second = await searchPackages(catalog, parseListQuery({ q: 'claude', page: '2', per_page: '3' }));
    expect(second).toMatchObject({ total: 4, page: 2, pages: 2 });
    expect(second.blocks.flat().map(({ name }) => name)).toEqual(['claude-sh-v1.1.0.zip']);
    expect(await searchPackages(catalog, parseListQuery({ page: '9', per_page: '2' }))).toMatchObject({
      blocks: [],
      total: 5,
      pages: 3,
    });
    expect(await searchPackages(catalog, parseListQuery({ q: 'zz' }))).toMatchObject({
      total: 0,
      page: 1,
      pages: 1,
    });
  });

  it('lists the packages of one release, in its folder and by their versions, in the same orders and pages', async () => {
    const [tool, notes] = ['tool', 'notes.txt'].map((file, at) =>
      stored(nameInRelease('v1.2.0', file), 5, 9 - at),
    );
    const all = [tool, notes, ...packages].filter((one) => one !== undefined);
    const draft = stored(nameInRelease('v3.0.0', 'tool'), 1, 9);
    const record = { tag: 'v3.0.0', isDraft: true, createdAt: 1, updatedAt: 1 };
    const mixed = catalogOf({ packages: all, drafts: [draft], releases: new Map([[record.tag, record]]) });
    const files = ['v1.2.0/tool', 'v1.2.0/notes.txt', 'Claude-sh-v1.2.0.zip', 'claude-ps-v1.2.0.zip'];
    expect(await names({ release: 'v1.2.0' }, mixed)).toEqual(files);
    expect(await names({ release: '1.2', order: 'asc' }, mixed)).toEqual(files.toReversed());
    expect(await names({ release: 'v1.2.0', q: 'T O' }, mixed)).toEqual(files.slice(0, 2));
    expect(await names({ release: 'v1.2.0', page: '2', per_page: '3' }, mixed)).toEqual(files.slice(3));
    for (const release of ['v3.0.0', 'v9', 'latest', '']) expect(await names({ release }, mixed)).toEqual([]);
  });
});
