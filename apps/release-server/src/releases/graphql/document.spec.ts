import { getIntrospectionQuery, parse } from 'graphql';

import { costOf, MAX_DEPTH, MAX_VALUES } from './cost.js';
import { Documents, MAX_FIELDS, MAX_NAME_LENGTH, MAX_TOKENS } from './document.js';
import { schema } from './schema.js';

const documents = new Documents(schema);

function messages(query: string): string[] {
  const read = documents.read(query);
  return 'kind' in read ? [] : read.map(({ message }) => message);
}

/** What a query may answer at most, in values. */
function values(query: string, variables = {}): number {
  return costOf(parse(query), variables).values;
}

describe('a query', () => {
  it('is parsed and checked once', () => {
    const query = '{ viewer { login } }';
    expect(documents.read(query)).toBe(documents.read(query));
  });

  it('is told its errors, with where they are', () => {
    expect(messages('{ repository(owner: "a", name: "b") { stars } }')).toEqual([
      'Cannot query field "stars" on type "Repository".',
    ]);
    expect(messages('{')).toEqual(['Syntax Error: Expected Name, found <EOF>.']);
    expect(messages('')).toEqual(['Syntax Error: Unexpected <EOF>.']);
    expect(messages('mutation { deleteRelease { id } }')).toHaveLength(1);
  });

  it(`has at most ${MAX_TOKENS} tokens, whatever is in them`, () => {
    expect(messages(`{ ${'viewer { login } '.repeat(MAX_TOKENS / 4)} }`)).toEqual([
      `Syntax Error: Document contains more than ${MAX_TOKENS} tokens. Parsing aborted.`,
    ]);
    expect(messages('{'.repeat(60_000))).toHaveLength(1);
  });

  it(`has at most ${MAX_FIELDS} fields, so that each can be compared with each`, () => {
    // Mutant: validated first, which takes a second for fields that are all alike.
    expect(messages(`{ rateLimit { ${'cost '.repeat(MAX_FIELDS)} } }`)).toEqual([
      `A query has at most ${MAX_FIELDS} fields.`,
    ]);
    expect(messages(`{ rateLimit { ${'cost '.repeat(MAX_FIELDS - 1)} } }`)).toEqual([]);
  });

  it(`has names of at most ${MAX_NAME_LENGTH} characters, which an answer may repeat ten thousand times`, () => {
    const alias = (length: number): string => `{ ${'a'.repeat(length)}: viewer { login } }`;
    expect(messages(alias(MAX_NAME_LENGTH))).toEqual([]);
    expect(messages(alias(MAX_NAME_LENGTH + 1))).toEqual([
      `A name in a query has at most ${MAX_NAME_LENGTH} characters.`,
    ]);
  });

  it('may ask for the whole schema, once', () => {
    const query = getIntrospectionQuery();
    expect(messages(query)).toEqual([]);
    expect(values(query)).toBeLessThan(MAX_VALUES);
    const types = 'types { name fields { name args { name type { name } } type { name ofType { name } } } }';
    const aliases = Array.from({ length: 60 }, (_, at) => `a${at}: __schema { ${types} }`);
    expect(values(`{ ${aliases.join(' ')} }`)).toBeGreaterThan(MAX_VALUES);
  });
});

describe('the cost of a query', () => {
  it('counts each value of the longest possible answer', () => {
    expect(values('{ viewer { login } rateLimit { cost limit } }')).toBe(5);
    expect(
      values(
        'query($n: Int!) { repository(owner: "a", name: "b") { releases(first: $n) { nodes { tagName } } } }',
        { n: 10 },
      ),
    ).toBe(1 + 1 + 10 * 2);
  });

  it('takes what is no page for a whole one', () => {
    const query =
      'query($n: Int) { repository(owner: "a", name: "b") { releases(first: $n) { totalCount } } }';
    for (const n of [undefined, null, 1000, -5, 'x', {}]) expect(values(query, { n })).toBe(102);
  });

  it('counts a fragment wherever it stands, and looks at it once', () => {
    // Mutant: each spread is walked, which never ends here.
    const fragments = Array.from(
      { length: 60 },
      (_, at) => `fragment F${at} on Query { a: __typename ...F${at + 1} b: __typename ...F${at + 1} }`,
    );
    const cost = costOf(parse(`{ ...F0 } ${fragments.join(' ')} fragment F60 on Query { __typename }`), {});
    expect(cost.values).toBeGreaterThan(1e17);
    expect(cost.depth).toBe(1);
  });

  it('counts levels', () => {
    const nested = (levels: number): string =>
      `{ ${'parent { '.repeat(levels - 1)}id${' }'.repeat(levels - 1)} }`;
    expect(costOf(parse(nested(MAX_DEPTH)), {}).depth).toBe(MAX_DEPTH);
  });

  it('lets a page of releases with all of their assets through', () => {
    const assets = 'releaseAssets(first: 100) { nodes { name size downloadUrl } }';
    const query = `{ repository(owner: "a", name: "b") { releases(first: 100) { nodes { tagName ${assets} } } } }`;
    expect(values(query)).toBeLessThan(MAX_VALUES);
    expect(values(query.replace('nodes', `more: nodes { ${assets} } nodes`))).toBeGreaterThan(MAX_VALUES);
  });
});
