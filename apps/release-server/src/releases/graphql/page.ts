import { GraphQLError } from 'graphql';

/** Entries of a page at most, as GitHub has it. */
export const MAX_PAGE = 100;

export interface PageArguments {
  readonly first?: number | null;
  readonly after?: string | null;
}

/** What the connections of the schema are made of. */
export interface Connection<Node> {
  readonly nodes: readonly Node[];
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  readonly totalCount: number;
}

/** Entries in an order. */
export interface Ordered<Node> {
  readonly nodes: readonly Node[];
  /** What tells the place of an entry, whether it is still there or not. */
  readonly keyOf: (node: Node) => Key;
  readonly compare: (one: Key, other: Key) => number;
}

/** A time, and a name that is unique among the entries. */
export type Key = readonly [time: number, name: string];

/**
 * A page of entries. It begins behind the place that the cursor tells, so that entries that come and go in between make
 * nothing appear twice.
 */
export function pageOf<Node>(
  field: string,
  { first, after }: PageArguments,
  { nodes: all, keyOf, compare }: Ordered<Node>,
): Connection<Node> {
  const count = pageSize(field, first);
  const start = after === null || after === undefined ? 0 : placeBehind(keyIn(after));
  const nodes = all.slice(start, start + count);
  const cursors = nodes.map((node) => cursorOf(keyOf(node)));
  return {
    nodes,
    edges: nodes.map((node, at) => ({ node, cursor: cursors[at] ?? '' })),
    pageInfo: { hasNextPage: start + nodes.length < all.length, endCursor: cursors.at(-1) ?? null },
    totalCount: all.length,
  };

  function placeBehind(key: Key): number {
    let [low, high] = [0, all.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const node = all[middle];
      if (node !== undefined && compare(keyOf(node), key) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The same in the opposite order. */
export function reversed<Node>({ nodes, keyOf, compare }: Ordered<Node>): Ordered<Node> {
  return { nodes: nodes.toReversed(), keyOf, compare: (one, other) => compare(other, one) };
}

/** How many entries are asked for. Throws for more or fewer than a page has. */
export function pageSize(field: string, first: number | null | undefined): number {
  if (first === null || first === undefined) {
    throw new GraphQLError(
      `You must provide a \`first\` value to properly paginate the \`${field}\` connection.`,
      {
        extensions: { code: 'MISSING_PAGINATION_BOUNDARIES' },
      },
    );
  }
  if (first < 1 || first > MAX_PAGE) {
    throw new GraphQLError(
      `Requesting ${first} records on the \`${field}\` connection is not possible: \`first\` is from 1 to ${MAX_PAGE}.`,
      { extensions: { code: 'EXCESSIVE_PAGINATION' } },
    );
  }
  return first;
}

function cursorOf(key: Key): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

function keyIn(cursor: string): Key {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(key) && typeof key[0] === 'number' && typeof key[1] === 'string') {
      return [key[0], key[1]];
    }
  } catch {
    // Not one of ours.
  }
  throw new GraphQLError('`after` is not a cursor of this connection.', {
    extensions: { code: 'INVALID_CURSOR_ARGUMENTS' },
  });
}
