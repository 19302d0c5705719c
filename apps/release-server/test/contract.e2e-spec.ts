import { Validator } from '@seriousme/openapi-schema-validator';

import { problemDocument, problemType } from '../src/problems/problem.js';
import { githubDocument } from '../src/problems/github-problem.js';
import { PROBLEMS, type ProblemCode } from '../src/problems/problem-codes.js';
import { Contract, type Exchange } from './support/contract.js';

const contract = Contract.load();

/** An object of the contract, and the keys that lead to it. */
interface Place {
  readonly keys: readonly string[];
  readonly item: Readonly<Record<string, unknown>>;
}

/** A value that the contract shows, and the schema that it stands for. */
interface Example {
  readonly schema: readonly string[];
  readonly value: unknown;
}

/** Every object of the contract. */
function* placesIn(value: unknown, keys: readonly string[] = []): Generator<Place> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield { keys, item: value as Place['item'] };
  for (const [key, child] of Object.entries(value)) yield* placesIn(child, [...keys, key]);
}

const places = [...placesIn(contract.document)];

/** Schemas have a list of examples; parameters, headers and contents have one, or several with names. */
function examplesOf({ keys, item }: Place): Example[] {
  const { example, examples, schema } = item;
  if (Array.isArray(examples)) return examples.map((value: unknown) => ({ schema: keys, value }));
  if (schema === undefined) return [];
  const named = Object.values((examples ?? {}) as Record<string, { value: unknown }>).map(
    ({ value }) => value,
  );
  const values = example === undefined ? named : [example, ...named];
  return values.map((value) => ({ schema: [...keys, 'schema'], value }));
}

const examples = places.flatMap(examplesOf);

interface ProblemResponse {
  readonly status: { readonly const: number };
  readonly code: { readonly const?: string; readonly enum?: readonly string[] };
}

/** The parts of schemas that say which codes come with which status. */
const problemResponses = places.flatMap(({ keys, item }) => {
  const { status, code } = item as Partial<ProblemResponse>;
  const isOne = keys.at(-1) === 'properties' && status?.const !== undefined && code !== undefined;
  return isOne ? [{ response: keys[2], status: status.const, codes: code.enum ?? [code.const] }] : [];
});

describe('the contract', () => {
  it('is a valid OpenAPI 3.1 document', async () => {
    const validator = new Validator();
    const result = await validator.validate(structuredClone<Record<string, unknown>>(contract.document));
    expect(result).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  it('has only references that lead somewhere', () => {
    const lost = places
      .map(({ item }) => item['$ref'])
      .filter((reference) => typeof reference === 'string')
      .filter((reference) => !places.some(({ keys }) => `#/${keys.join('/')}` === reference));
    expect(lost).toEqual([]);
  });

  it('has operations that can be told apart', () => {
    const ids = places.map(({ item }) => item['operationId']).filter((id) => id !== undefined);
    expect(ids).toHaveLength(contract.operations.length);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('says of every operation whether it asks for a token', () => {
    const silent = places.filter(
      ({ item }) => item['operationId'] !== undefined && item['security'] === undefined,
    );
    expect(silent.map(({ item }) => item['operationId'])).toEqual([]);
  });

  it('is what it promises of its own download', () => {
    const schema = 'paths /openapi.yaml get responses 200 content application/yaml schema'.split(' ');
    expect(contract.mismatches(schema, contract.document)).toEqual([]);
    expect(contract.mismatches(schema, 'openapi: 3.1.0')).not.toEqual([]);
  });

  it.each(['X-Request-Id', 'If-Match', 'If-None-Match', 'If-Modified-Since', 'If-Unmodified-Since', 'Range'])(
    'promises no refusal of a %s that the server takes in any form',
    (name) => {
      const schemas = places
        .filter(({ keys }) => keys[1] === 'parameters')
        .filter(({ item }) => item['name'] === name && item['schema'] !== undefined)
        .map(({ item }) => item['schema']);
      expect(schemas).toContainEqual({ type: 'string' });
    },
  );

  it('shows examples that fit their schemas', () => {
    expect(examples.length).toBeGreaterThan(50);
    const wrong = examples.flatMap(({ schema, value }) =>
      contract.mismatches(schema, value).map((mismatch) => `${schema.join('/')}: ${mismatch}`),
    );
    expect(wrong).toEqual([]);
  });

  it('shows an example of every JSON answer', () => {
    const shown = new Set(examples.map(({ schema }) => `#/${schema.join('/')}`));
    const bare = places
      .filter(({ keys }) => keys.at(-2) === 'content' && keys.at(-1)?.endsWith('json'))
      .filter(({ keys, item }) => {
        const { $ref } = item['schema'] as { $ref?: string };
        return !shown.has(`#/${keys.join('/')}/schema`) && !shown.has(`${$ref}`);
      });
    expect(bare).toEqual([]);
  });
});

describe('the errors of the contract', () => {
  it('have exactly the codes of the server', () => {
    const list = places.find(({ keys }) => keys.join('/') === 'components/schemas/ProblemCode');
    expect(list?.item['enum']).toEqual(Object.keys(PROBLEMS));
  });

  it.each(Object.entries(PROBLEMS))('answer %s with its status', (code, { status }) => {
    const statuses = problemResponses.filter(({ codes }) => codes.includes(code)).map((one) => one.status);
    expect([...new Set(statuses)]).toEqual([status]);
  });

  it('stand under their own status', () => {
    const uses = places.flatMap(({ keys, item }) =>
      keys.at(-2) === 'responses' && typeof item['$ref'] === 'string'
        ? [{ status: Number(keys.at(-1)), response: item['$ref'].split('/').at(-1) }]
        : [],
    );
    const wrong = uses.filter(({ status, response }) =>
      problemResponses.some((one) => one.response === response && one.status !== status),
    );
    expect(uses.length).toBeGreaterThan(50);
    expect(wrong).toEqual([]);
  });

  it('are shown with the status, the title and the type of the server', () => {
    const shown = examples
      .map(({ value }) => value as Partial<ReturnType<typeof problemDocument>>)
      .filter(({ code }) => code !== undefined);
    expect(new Set(shown.map(({ code }) => code))).toEqual(new Set(Object.keys(PROBLEMS)));
    for (const { code, detail, instance, ...rest } of shown) {
      const { type, title, status } = problemDocument(
        { type: problemType(code as ProblemCode), detail: `${detail}` },
        `${instance}`,
      );
      expect(rest).toMatchObject({ type, title, status });
    }
  });
});

describe('an exchange', () => {
  const everywhere = {
    'x-content-type-options': 'nosniff',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'same-origin',
  };
  const routed = { 'x-request-id': 'test', ...everywhere };
  const version = `"sha256:${'0'.repeat(64)}"`;
  const one = {
    name: 'a.zip',
    size: 1,
    created_at: '2026-03-02T09:30:01.125Z',
    sha256: '0'.repeat(64),
    url: 'http://localhost/assets/a.zip',
    release: null,
  };
  const list: Exchange = {
    method: 'GET',
    path: '/packages',
    status: 200,
    headers: {
      ...routed,
      etag: '"x"',
      'cache-control': 'no-cache',
      vary: 'Accept, Accept-Encoding',
      'content-type': 'application/json; charset=utf-8',
    },
    body: Buffer.from(JSON.stringify([one])),
  };
  const download: Exchange = {
    method: 'GET',
    path: '/assets/a.zip',
    status: 200,
    headers: {
      ...routed,
      etag: version,
      'last-modified': 'Mon, 02 Mar 2026 09:30:01 GMT',
      'cache-control': 'no-cache',
      'accept-ranges': 'bytes',
      'content-disposition': 'attachment; filename="a.zip"',
      'content-security-policy': "sandbox; default-src 'none'",
      'content-length': 1,
      'content-type': 'application/octet-stream',
    },
    body: Buffer.from('x'),
  };
  const removal: Exchange = {
    method: 'DELETE',
    path: '/assets/a.zip',
    status: 204,
    headers: routed,
    body: Buffer.alloc(0),
  };
  const redirect: Exchange = {
    method: 'GET',
    path: '/',
    status: 302,
    headers: {
      ...routed,
      'cache-control': 'no-cache',
      vary: 'Accept',
      location: 'http://localhost/packages',
    },
    body: Buffer.alloc(0),
  };

  const problem = (code: ProblemCode, method: string, path: string, headers = {}): Exchange => ({
    method,
    path,
    status: PROBLEMS[code].status,
    headers: {
      ...routed,
      'cache-control': 'no-store',
      vary: 'Accept',
      'content-type': 'application/problem+json',
      ...headers,
    },
    body: Buffer.from(JSON.stringify(problemDocument({ type: problemType(code), detail: 'No.' }, path))),
  });
  const githubError = (path: string): Exchange => {
    const document = problemDocument({ type: problemType('not_found'), detail: 'No.' }, path);
    return {
      ...problem('not_found', 'GET', path, { 'content-type': 'application/json; charset=utf-8' }),
      body: Buffer.from(JSON.stringify(githubDocument(document, false))),
    };
  };
  const unroutedHeaders = { 'x-request-id': undefined, vary: undefined };

  const withHeaders = (exchange: Exchange, headers: Exchange['headers']): Exchange => ({
    ...exchange,
    headers: { ...exchange.headers, ...headers },
  });
  const withBody = (exchange: Exchange, body: unknown): Exchange => ({
    ...exchange,
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  });

  it.each<[string, Exchange]>([
    ['a list', list],
    ['a query', { ...list, path: '/packages?format=json&q=/latest/' }],
    ['a slash at the end', { ...list, path: '/packages/?format=json' }],
    ['an absolute address', { ...list, path: 'http://localhost/packages' }],
    ['HEAD where GET is', { ...list, method: 'HEAD', body: Buffer.alloc(0) }],
    [
      'a page',
      withBody(withHeaders(list, { 'content-type': 'text/html; charset=utf-8' }), '<!doctype html>'),
    ],
    ['a download', download],
    ['HEAD of its own', { ...download, method: 'HEAD', body: Buffer.alloc(0) }],
    ['several values of a header', withHeaders(removal, { 'set-cookie': ['a', 'b'] })],
    ['an answer without a body', removal],
    ['a redirect without a body', redirect],
    ['an error of an operation', problem('package_not_found', 'GET', '/assets/a.zip')],
    ['an error with a name that has slashes', problem('invalid_package_name', 'PUT', '/assets/a/b')],
    ['an error before routing', problem('bad_request', 'GET', '/latest', unroutedHeaders)],
    [
      'an error before routing at an unknown address',
      problem('bad_request', 'FOO', '/nope', unroutedHeaders),
    ],
    ['an unknown address', problem('not_found', 'GET', '/nope')],
    ["an unknown address of GitHub's API, which is of no owner", githubError('/repos/a')],
    ["the same, below GitHub Enterprise's", githubError('/api/v3/a')],
    [
      'a method that is not possible',
      problem('method_not_allowed', 'POST', '/latest', { allow: 'GET, HEAD' }),
    ],
  ])('passes with %s', (_, exchange) => {
    expect(contract.violations(exchange)).toEqual([]);
  });

  it.each<[string, Exchange, RegExp]>([
    ['an undocumented status', { ...list, status: 418 }, /no response with status 418/],
    ['an undocumented address', { ...list, path: '/nope' }, /no operation GET \/nope/],
    ['an address in capitals', { ...list, path: '/Packages' }, /no operation GET \/Packages/],
    ['404 at a known address', problem('not_found', 'GET', '/latest'), /no response with status 404/],
    ['404 for a method', problem('not_found', 'POST', '/latest'), /no operation POST \/latest/],
    [
      '405 at an unknown address',
      problem('method_not_allowed', 'GET', '/nope', { allow: 'GET' }),
      /no operation GET \/nope/,
    ],
    ['405 without Allow', problem('method_not_allowed', 'POST', '/latest'), /^header Allow is missing$/],
    [
      '405 with other methods',
      problem('method_not_allowed', 'POST', '/latest', { allow: 'GET' }),
      /^header Allow does not name exactly GET, HEAD$/,
    ],
    ['a missing header', withHeaders(list, { etag: undefined }), /^header ETag is missing$/],
    [
      'a missing request id',
      withHeaders(list, { 'x-request-id': undefined }),
      /^header X-Request-Id is missing$/,
    ],
    ['another value of a header', withHeaders(list, { vary: '*' }), /^header Vary: "\*" must be equal/],
    ['a weak tag', withHeaders(download, { etag: `W/${version}` }), /^header ETag: .* must match pattern/],
    [
      'a length that is none',
      withHeaders(download, { 'content-length': 'x' }),
      /^header Content-Length: "x" must be/,
    ],
    ['no content type', withHeaders(list, { 'content-type': undefined }), /^header Content-Type is missing$/],
    [
      'another content type',
      withHeaders(list, { 'content-type': 'text/plain' }),
      /^content type text\/plain is not/,
    ],
    ['an empty body', { ...list, body: Buffer.alloc(0) }, /^the body is not JSON$/],
    ['a body that is cut off', withBody(list, '[{"name":'), /^the body is not JSON$/],
    ['a body of another kind', withBody(list, one), /^body: must be array/],
    [
      'a missing member',
      withBody(list, [{ ...one, url: undefined }]),
      /^body: \/0 must have required property 'url'/,
    ],
    ['a further member', withBody(list, [{ ...one, path: '/data/a.zip' }]), /additional properties .*"path"/],
    [
      'a time that is none',
      withBody(list, [{ ...one, created_at: '2026-02-30T09:30:01.125Z' }]),
      /format "date-time"/,
    ],
    ['a relative address', withBody(list, [{ ...one, url: '/assets/a.zip' }]), /format "uri"/],
    ['a body of HEAD', { ...list, method: 'HEAD' }, /^there is a body and should be none$/],
    ['a body of 204', withBody(removal, 'x'), /^there is a body and should be none$/],
    [
      'an error of another operation',
      problem('malformed_multipart', 'PUT', '/assets/a.zip'),
      /^body: \/code must be equal to one of the allowed values/,
    ],
    [
      'another status in the body',
      { ...problem('not_found', 'GET', '/assets/a.zip'), status: 500 },
      /^body: \/status must be equal to constant/,
    ],
    [
      'a conflict that does not tell of what is stored',
      problem('package_exists', 'PUT', '/assets/a.zip', { etag: version }),
      /^body: must have required property 'digest'/,
    ],
  ])('fails with %s', (_, exchange, violation) => {
    expect(contract.violations(exchange)).toContainEqual(expect.stringMatching(violation));
  });
});
