import { pageOf, reversed, type Connection, type Key, type Ordered } from './page.js';

interface Entry {
  readonly time: number;
  readonly name: string;
}

function entries(...names: string[]): Ordered<Entry> {
  return {
    // Several of one time, which only the name tells apart.
    nodes: names.map((name) => ({ time: Math.floor(Number(name) / 3), name })),
    keyOf: ({ time, name }): Key => [time, name],
    compare: ([time, name], [otherTime, otherName]) =>
      time - otherTime || (name < otherName ? -1 : Number(name > otherName)),
  };
}

const all = entries('1', '2', '3', '4', '5', '6', '7');

function namesOf(order: Ordered<Entry>, first: number, after?: string | null): string[] {
  return pageOf('things', { first, after: after ?? null }, order).nodes.map(({ name }) => name);
}

describe('a page', () => {
  it.each([1, 2, 3, 6, 7, 100])('of %i leads to all the others, in both directions', (first) => {
    for (const order of [all, reversed(all)]) {
      const found: string[] = [];
      let after: string | null = null;
      for (let isMore = true; isMore;) {
        const page: Connection<Entry> = pageOf('things', { first, after }, order);
        expect(page.totalCount).toBe(7);
        expect(page.edges.map(({ node }) => node)).toEqual(page.nodes);
        expect(page.edges.at(-1)?.cursor).toBe(page.pageInfo.endCursor);
        found.push(...page.nodes.map(({ name }) => name));
        after = page.pageInfo.endCursor;
        isMore = page.pageInfo.hasNextPage;
      }
      expect(found).toEqual(order.nodes.map(({ name }) => name));
    }
  });

  it('goes on where it was when entries come and go in between', () => {
    const { endCursor } = pageOf('things', { first: 3 }, all).pageInfo;
    // Mutant: a cursor that is an offset, or looks for the entry itself.
    expect(namesOf(entries('0', '1', '2', '4', '5'), 2, endCursor)).toEqual(['4', '5']);
    expect(namesOf(reversed(entries('0', '1', '2', '4', '5')), 9, endCursor)).toEqual(['2', '1', '0']);
  });

  it('of nothing has no cursor', () => {
    expect(pageOf('things', { first: 5 }, entries())).toEqual({
      nodes: [],
      edges: [],
      pageInfo: { hasNextPage: false, endCursor: null },
      totalCount: 0,
    });
  });

  it.each([0, -1, 101])('cannot have %i entries', (first) => {
    expect(() => namesOf(all, first)).toThrow(`Requesting ${first} records on the \`things\` connection`);
  });

  it('needs to be told how many', () => {
    expect(() => pageOf('things', {}, all)).toThrow('You must provide a `first` value');
    expect(() => pageOf('things', { first: null }, all)).toThrow('You must provide a `first` value');
  });

  it.each([
    '',
    'nonsense',
    '%',
    Buffer.from('{}').toString('base64url'),
    Buffer.from('[1]').toString('base64url'),
  ])('does not begin behind %j', (after) => {
    expect(() => namesOf(all, 1, after)).toThrow('not a cursor');
  });
});
