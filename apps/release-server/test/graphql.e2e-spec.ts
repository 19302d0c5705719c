import { createConnection } from 'node:net';

import { PackageStore, type ReleaseRecord } from '#storage';

import { get, json, put } from './support/client.js';
import { AUTH, startServer, withServer, type TestServer } from './support/server.js';
import { itOnDirectory } from './support/storage.js';

interface Answer {
  data?: Record<string, unknown> | null;
  errors?: { message: string; type?: string; path?: unknown[] }[];
}

/** What clients send, word for word but for white space. */
const QUERIES = {
  // gh release list
  ghList:
    'query RepositoryReleaseList($direction:OrderDirection!$endCursor:String$name:String!$owner:String!$perPage:Int!)' +
    '{repository(owner: $owner, name: $name){releases(first: $perPage, orderBy: {field: CREATED_AT, direction: $direction}, after: $endCursor)' +
    '{nodes{name,tagName,isDraft,isLatest,isPrerelease,createdAt,publishedAt},pageInfo{hasNextPage,endCursor}}}}',
  // gh release view, upload, edit, delete, delete-asset, download
  ghByTag:
    'query RepositoryReleaseByTag($name:String!$owner:String!$tagName:String!)' +
    '{repository(owner: $owner, name: $name){release(tagName: $tagName){databaseId,isDraft}}}',
  // gh release list, since 2.79
  ghFeatures: 'query Release_fields{Release: __type(name: "Release"){fields{name}}}',
  // gh release create --verify-tag
  ghRef:
    'query RepositoryFindRef($name:String!$owner:String!$tagName:String!)' +
    '{repository(owner: $owner, name: $name){ref(qualifiedName: $tagName){id}}}',
  // gh repo view --json
  ghRepository:
    'query RepositoryInfo($owner: String!, $name: String!) { repository(owner: $owner, name: $name) ' +
    '{id,name,nameWithOwner,owner{id,login},isPrivate,visibility,defaultBranchRef{name},latestRelease{publishedAt,tagName,name,url}} }',
  // gh, of any repository
  ghPermission:
    'fragment repo on Repository { id name owner { login } hasIssuesEnabled description hasWikiEnabled viewerPermission defaultBranchRef { name } } ' +
    'query RepositoryInfo($owner: String!, $name: String!) { repository(owner: $owner, name: $name) ' +
    '{ ...repo parent { ...repo } mergeCommitAllowed rebaseMergeAllowed squashMergeAllowed } }',
  // gh auth status
  ghViewer: 'query UserCurrent{viewer{login}}',
  // Renovate, datasource github-releases
  renovateReleases:
    'query($owner: String!, $name: String!, $cursor: String, $count: Int!) { repository(owner: $owner, name: $name) { isRepoPrivate: isPrivate payload: ' +
    'releases( first: $count after: $cursor orderBy: {field: CREATED_AT, direction: DESC} ) { pageInfo { hasNextPage endCursor } ' +
    'nodes { version: tagName releaseTimestamp: publishedAt isDraft isPrerelease url id: databaseId name description } } } }',
  // Renovate, datasource github-tags
  renovateTags:
    'query($owner: String!, $name: String!, $cursor: String, $count: Int!) { repository(owner: $owner, name: $name) { isRepoPrivate: isPrivate payload: ' +
    'refs( first: $count after: $cursor orderBy: {field: TAG_COMMIT_DATE, direction: DESC} refPrefix: "refs/tags/" ) { pageInfo { hasNextPage endCursor } ' +
    'nodes { version: name target { type: __typename ... on Commit { oid releaseTimestamp: committedDate } ' +
    '... on Tag { target { ... on Commit { oid } } tagger { releaseTimestamp: date } } } } } } }',
};

const REPOSITORY = { owner: 'acme', name: 'tool' };

describe('GraphQL', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer();
    for (const name of ['tool-v1.0.0.zip', 'tool-v1.1.0.zip', 'tool-v2.0.0-rc.1.zip', 'other-v1.1.0.zip']) {
      await put(server, name, name);
    }
  });

  afterAll(async () => {
    await server.stop();
  });

  async function post(
    body: unknown,
    headers: Record<string, string> = {},
    path = '/graphql',
  ): Promise<Response> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return fetch(`${server.url}${path}`, { method: 'POST', body: text, headers });
  }

  async function ask(query: string, variables = {}, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await post({ query, variables: { ...REPOSITORY, ...variables } }, headers);
    expect(response.status).toBe(200);
    return json<Answer>(response);
  }

  /** What was asked for of the repository. */
  async function repository<T>(query: string, variables = {}, headers = {}): Promise<T> {
    const { data, errors } = await ask(query, variables, headers);
    expect(errors).toBeUndefined();
    return data?.['repository'] as T;
  }

  interface Page {
    nodes: Record<string, unknown>[];
    pageInfo: { hasNextPage: boolean; endCursor: string | null };
  }

  it('lists releases to gh, page by page', async () => {
    const variables = { perPage: 2, direction: 'DESC', endCursor: null };
    const { releases: first } = await repository<{ releases: Page }>(QUERIES.ghList, variables);
    expect(first).toMatchObject({
      nodes: [
        { name: 'v2.0.0-rc.1', tagName: 'v2.0.0-rc.1', isDraft: false, isLatest: false, isPrerelease: true },
        { tagName: 'v1.1.0', isLatest: true, isPrerelease: false },
      ],
      pageInfo: { hasNextPage: true },
    });
    const rest = { ...variables, endCursor: first.pageInfo.endCursor };
    expect((await repository<{ releases: Page }>(QUERIES.ghList, rest)).releases).toMatchObject({
      nodes: [{ tagName: 'v1.0.0', createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) }],
      pageInfo: { hasNextPage: false },
    });
    const ascending = await repository<{ releases: Page }>(QUERIES.ghList, {
      ...variables,
      direction: 'ASC',
    });
    expect(ascending.releases.nodes[0]).toMatchObject({ tagName: 'v1.0.0' });
  });

  it('tells gh of a release by its tag, and of none', async () => {
    const found = await repository(QUERIES.ghByTag, { tagName: 'v1.1.0' });
    expect(found).toEqual({ release: { databaseId: expect.any(Number), isDraft: false } });
    expect(await repository(QUERIES.ghByTag, { tagName: 'v9' })).toEqual({ release: null });
  });

  it('tells gh which fields releases have, tags, the repository and what a token may do', async () => {
    const { data } = await ask(QUERIES.ghFeatures);
    expect(data).toMatchObject({ Release: { fields: expect.arrayContaining([{ name: 'immutable' }]) } });
    expect(await repository(QUERIES.ghRef, { tagName: 'refs/tags/v1.0.0' })).toEqual({
      ref: { id: expect.any(String) },
    });
    expect(await repository(QUERIES.ghRef, { tagName: 'refs/tags/v9' })).toEqual({ ref: null });
    expect(await repository(QUERIES.ghRepository)).toMatchObject({
      nameWithOwner: 'release-server/releases',
      owner: { login: 'release-server' },
      isPrivate: false,
      latestRelease: { tagName: 'v1.1.0', url: `${server.url}/releases/tag/v1.1.0` },
    });
    expect(await repository(QUERIES.ghPermission)).toMatchObject({ viewerPermission: 'READ', parent: null });
    expect(await repository(QUERIES.ghPermission, {}, AUTH)).toMatchObject({ viewerPermission: 'WRITE' });
    const github = { Authorization: 'token ghp_of_github' };
    expect(await repository(QUERIES.ghPermission, {}, github)).toMatchObject({ viewerPermission: 'READ' });
  });

  it('tells who asks, and that nobody does', async () => {
    expect(await ask(QUERIES.ghViewer, {}, { Authorization: 'token test-token' })).toEqual({
      data: { viewer: { login: 'auth_token' } },
    });
    expect(await ask(QUERIES.ghViewer)).toEqual({
      data: null,
      errors: [expect.objectContaining({ type: 'UNAUTHENTICATED', path: ['viewer'] })],
    });
  });

  it('gives Renovate releases and tags', async () => {
    const { payload } = await repository<{ payload: Page }>(QUERIES.renovateReleases, {
      count: 100,
      cursor: null,
    });
    expect(payload.nodes[1]).toEqual({
      version: 'v1.1.0',
      releaseTimestamp: expect.any(String),
      isDraft: false,
      isPrerelease: false,
      url: `${server.url}/releases/tag/v1.1.0`,
      id: expect.any(Number),
      name: 'v1.1.0',
      description: '',
    });
    const tags = await repository<{ payload: Page }>(QUERIES.renovateTags, { count: 100, cursor: null });
    expect(tags.payload.nodes.map(({ version }) => version)).toEqual(['v2.0.0-rc.1', 'v1.1.0', 'v1.0.0']);
  });

  it('tells of assets what the REST API tells', async () => {
    const query =
      'query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { latestRelease ' +
      '{ releaseAssets(first: 10) { totalCount nodes { name size digest contentType downloadUrl } } } } }';
    const { assets } = await json<{ assets: Record<string, unknown>[] }>(await get(server, '/latest'));
    const [other, tool] = assets;
    const { latestRelease } = await repository<{ latestRelease: { releaseAssets: Page } }>(query);
    expect(latestRelease.releaseAssets).toEqual({
      totalCount: 2,
      nodes: [other, tool].map((asset) => ({
        name: asset?.['name'],
        size: asset?.['size'],
        digest: asset?.['digest'],
        contentType: asset?.['content_type'],
        downloadUrl: asset?.['browser_download_url'],
      })),
    });
  });

  it('answers 200 with errors to a query that is not valid, or asks for too much', async () => {
    const long = '{ repository(owner: "a", name: "b") { stars releases(first: 1) { totalCount } } }';
    expect((await ask(long)).errors?.[0]?.message).toBe('Cannot query field "stars" on type "Repository".');
    const pages =
      'releases(first: 100) { nodes { releaseAssets(first: 100) { nodes { name size url digest id } } } }';
    expect(await ask(`{ repository(owner: "a", name: "b") { ${pages} } }`)).toEqual({
      errors: [expect.objectContaining({ type: 'MAX_NODE_LIMIT_EXCEEDED' })],
    });
    for (const first of ['0', '101', '-1']) {
      const { errors } = await ask(
        `{ repository(owner: "a", name: "b") { releases(first: ${first}) { totalCount } } }`,
      );
      expect(errors?.[0]?.message).toContain(`Requesting ${first} records`);
    }
    expect((await ask('mutation { createRelease }')).errors).toHaveLength(1);
    expect((await ask('{ __proto__ }')).errors).toHaveLength(1);
  });

  it.each([
    ['a body that is not JSON', 'query { viewer }', 400, 'bad_request'],
    ['a batch', '[{"query":"{ viewer { login } }"}]', 400, 'bad_request'],
    ['no query', '{}', 400, 'bad_request'],
    ['nothing', '', 400, 'bad_request'],
    ['a long body', `{"query":"${' '.repeat(65_536)}"}`, 413, 'body_too_large'],
  ])('refuses %s', async (_, body, status, code) => {
    const response = await post(body, {}, '/api/graphql');
    expect(response.status).toBe(status);
    expect(await json(response)).toMatchObject({ code });
  });

  it('refuses a coding, a page of another origin, and other methods', async () => {
    const query = { query: QUERIES.ghFeatures };
    expect((await post(query, { 'Content-Encoding': 'gzip' })).status).toBe(415);
    expect((await post(query, { Origin: 'https://evil.example' })).status).toBe(403);
    expect((await get(server, '/graphql')).status).toBe(405);
    expect((await post(query, { 'Content-Type': 'application/x-www-form-urlencoded' })).status).toBe(200);
  });

  it('stops reading a body of unknown length that is too long, and answers', async () => {
    // Mutant: reading by an iterator that ends the connection before the answer.
    const socket = createConnection(server.port, '127.0.0.1');
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    socket.write(
      `POST /graphql HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}${chunk}`,
    );
    let answer = '';
    for await (const bytes of socket as AsyncIterable<Buffer>) answer += bytes.toString();
    expect(answer).toMatch(/^HTTP\/1.1 413 [^]*"code":"body_too_large"/);
  });

  /** Stores what is known of a release, as `ReleaseWrites` does. */
  async function save(tag: string, fields: Partial<ReleaseRecord>): Promise<void> {
    await server.app
      .get(PackageStore)
      .saveRelease(tag, ({ now }) => ({ tag, isDraft: false, createdAt: now, updatedAt: now, ...fields }), {
        evict: () => [],
      });
  }

  it('shows drafts to those alone who may publish', async () => {
    const oid = 'a'.repeat(40);
    await save('cli/v3.0.0', { isDraft: true, title: 'Soon', notes: 'secret', author: 'anna', target: oid });
    const list = { perPage: 1, direction: 'DESC', endCursor: null };
    const draft = { name: 'Soon', tagName: 'cli/v3.0.0', isDraft: true, isLatest: false, publishedAt: null };
    const seen = await repository<{ releases: Page }>(QUERIES.ghList, list, AUTH);
    expect(seen.releases.nodes).toEqual([expect.objectContaining(draft)]);
    const token = { Authorization: 'token test-token' };
    expect(await repository(QUERIES.ghByTag, { tagName: 'cli/v3.0.0' }, token)).toEqual({
      release: { databaseId: expect.any(Number), isDraft: true },
    });
    expect(await repository(QUERIES.ghRef, { tagName: 'refs/tags/cli/v3.0.0' }, AUTH)).toEqual({ ref: null });
    for (const headers of [{}, { Authorization: 'Bearer wrong' }, { Authorization: 'token ghp_of_github' }]) {
      expect(await repository(QUERIES.ghByTag, { tagName: 'cli/v3.0.0' }, headers)).toEqual({
        release: null,
      });
      const all = await repository<{ releases: Page }>(QUERIES.ghList, { ...list, perPage: 100 }, headers);
      expect(JSON.stringify(all)).not.toMatch(/Soon|secret|cli/);
    }

    await save('cli/v3.0.0', { title: 'Now', author: 'anna', target: oid });
    const query =
      'query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { release(tagName: "cli/v3.0.0") ' +
      '{ name url author { login } tagCommit { oid } tag { name target { ... on Commit { oid } } } } } }';
    expect(await repository(query)).toEqual({
      release: {
        name: 'Now',
        url: `${server.url}/releases/tag/cli%2Fv3.0.0`,
        author: { login: 'anna' },
        tagCommit: { oid },
        tag: { name: 'cli/v3.0.0', target: { oid } },
      },
    });
  });

  it('has an answer of bounded size, however long notes are and often they are asked for', async () => {
    // Mutant: notes that are not counted; one query of a kilobyte then costs a hundred megabytes.
    await save('long', { notes: 'x'.repeat(1_000_000) });
    const aliases = Array.from({ length: 20 }, (_, at) => `n${at}: description`).join(' ');
    const { errors } = await ask(
      `{ repository(owner: "a", name: "b") { release(tagName: "long") { ${aliases} } } }`,
    );
    expect(errors?.[0]?.message).toMatch(/^Something went wrong while executing your query\./);
    expect(errors).toHaveLength(12);
  });

  it('repeats no name that is longer than a repository can have', async () => {
    // Mutant: the name goes into the answer as often as the query asks; one request then costs hundreds of megabytes.
    for (const length of [100, 101]) {
      const { data, errors = [] } = await ask(
        'query($n: String!) { repository(owner: $n, name: $n) { name nameWithOwner } }',
        { n: 'x'.repeat(length) },
      );
      expect(data).toEqual({
        repository: length > 100 ? null : { name: 'releases', nameWithOwner: 'release-server/releases' },
      });
      expect(JSON.stringify(errors).length).toBeLessThan(300);
    }
  });

  it('is of the repository that the configuration names, and of no other where that is strict', async () => {
    const query =
      'query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { id nameWithOwner } }';
    await withServer({ repository: 'Acme/Tool', strict_repository: true }, async ({ url }) => {
      const of = async (owner: string, name: string): Promise<Answer> => {
        const body = JSON.stringify({ query, variables: { owner, name } });
        return json<Answer>(await fetch(`${url}/graphql`, { method: 'POST', body }));
      };
      const own = { data: { repository: { id: expect.any(String), nameWithOwner: 'Acme/Tool' } } };
      expect(await of('acme', 'tool')).toEqual(own);
      expect(await of('acme', 'other')).toMatchObject({
        data: { repository: null },
        errors: [
          {
            type: 'NOT_FOUND',
            path: ['repository'],
            message: "Could not resolve to a Repository with the name 'acme/other'.",
          },
        ],
      });
    });
    await withServer({ repository: 'Acme/Tool' }, async ({ url }) => {
      const body = JSON.stringify({ query, variables: REPOSITORY });
      expect(await json(await fetch(`${url}/graphql`, { method: 'POST', body }))).toMatchObject({
        data: { repository: { nameWithOwner: 'Acme/Tool' } },
      });
    });
  });

  // A read-only server needs a bucket that another has made.
  itOnDirectory('is a read on a read-only server too', async () => {
    await withServer({ read_only: true, auth_token: undefined }, async ({ url }) => {
      const body = JSON.stringify({ query: QUERIES.ghPermission, variables: REPOSITORY });
      const response = await fetch(`${url}/graphql`, { method: 'POST', body, headers: AUTH });
      expect(await json(response)).toMatchObject({ data: { repository: { viewerPermission: 'READ' } } });
    });
  });
});
