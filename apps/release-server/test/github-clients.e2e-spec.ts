import { get, json } from './support/client.js';
import { startServer, TOKEN, type TestServer } from './support/server.js';

/** What each client sends with every request, word for word but for addresses. */
const GH = {
  Authorization: `token ${TOKEN}`,
  'User-Agent': 'GitHub CLI 2.23.0',
  Accept: 'application/vnd.github.merge-info-preview+json, application/vnd.github.nebula-preview',
  'Content-Type': 'application/json; charset=utf-8',
};
const ACTION = {
  Authorization: `token ${TOKEN}`,
  'User-Agent': 'octokit-core.js/7.0.6 Node.js/24',
  Accept: 'application/vnd.github.v3+json',
};
const PYGITHUB = { Authorization: `token ${TOKEN}`, 'User-Agent': 'PyGithub/Python', Accept: '*/*' };
const GO_GITHUB = {
  Authorization: `Bearer ${TOKEN}`,
  'User-Agent': 'go-github/v66.0.0',
  Accept: 'application/vnd.github.v3+json',
  'X-GitHub-Api-Version': '2022-11-28',
};
const SEMANTIC_RELEASE = {
  Authorization: `token ${TOKEN}`,
  'User-Agent': '@semantic-release/github v12.0.10 octokit-core.js/7.0.8 Node.js/24',
  Accept: 'application/vnd.github.v3+json',
};
const RELEASE_IT = {
  Authorization: `token ${TOKEN}`,
  'User-Agent': 'release-it/21.1.2 octokit-rest.js/22.0.1 octokit-core.js/7.0.8 Node.js/24',
  Accept: 'application/vnd.github.v3+json',
};
const OCTOKIT = {
  Authorization: `token ${TOKEN}`,
  'User-Agent': 'octokit-rest.js/22.0.1 octokit-core.js/7.0.8 Node.js/24',
  Accept: 'application/vnd.github.v3+json',
};
const UBI = { 'User-Agent': 'ubi version 0.9.0', Accept: 'application/json' };
const SPECIFY = {
  Authorization: 'Bearer ghp_ofAnotherHost',
  'User-Agent': 'python-httpx/0.28.1',
  Accept: '*/*',
  'Accept-Encoding': 'gzip, deflate',
};
const MISE = { 'User-Agent': 'mise/2026.9.15 linux-x64 (2026-09-27) bash', Accept: '*/*' };

const BYTES = { Accept: 'application/octet-stream', 'Content-Type': 'application/octet-stream' };
const REPOSITORY = '/api/v3/repos/acme/tool';
const RELEASES = `${REPOSITORY}/releases`;

interface Release {
  readonly id: number;
  readonly url: string;
  readonly upload_url: string;
  readonly assets: readonly Asset[];
}

interface Asset {
  readonly id: number;
  readonly url: string;
  readonly name: string;
}

/** The requests of real clients (test/clients), one after the other, without the client. */
describe('The conversation of', () => {
  let server: TestServer;

  beforeEach(async () => {
    server = await startServer({ repository: 'acme/tool' });
  });

  afterEach(() => server.stop());

  /** Sends what a client sends, and expects this status. */
  async function say(
    status: number,
    request: string,
    headers: Record<string, string>,
    body?: unknown,
  ): Promise<Response> {
    const [method = '', address = ''] = request.split(' ');
    const answer = await fetch(address.startsWith('/') ? `${server.url}${address}` : address, {
      method,
      headers,
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    expect({ request, status: answer.status }).toEqual({ request, status });
    return answer;
  }

  const ask = async <T>(...said: Parameters<typeof say>): Promise<T> => json<T>(await say(...said));
  /** Where a client uploads to: it fills in the template or cuts it off. */
  const uploadsOf = ({ upload_url: template }: Release): string => template.slice(0, template.indexOf('{'));
  /** What everybody sees. */
  const shown = async (): Promise<unknown> => {
    const releases = await json<(Release & { tag_name: string })[]>(await get(server, RELEASES));
    return releases.map(({ tag_name: tag, assets }) => [tag, ...assets.map(({ name }) => name).toSorted()]);
  };
  /** Makes a release with one file, for who reads. */
  const publish = async (tag: string, name: string, content: string): Promise<void> => {
    const draft = await ask<Release>(201, `POST ${RELEASES}`, GH, { tag_name: tag, draft: true });
    await say(201, `POST ${uploadsOf(draft)}?name=${name}`, { ...GH, ...BYTES, Accept: GH.Accept }, content);
    await say(200, `PATCH ${draft.url}`, GH, { draft: false });
  };
  const query = (
    text: string,
    variables: object,
  ): Promise<{ data: { repository: Record<string, unknown> } }> =>
    ask(
      200,
      'POST /api/graphql',
      { ...GH, 'Content-Type': 'application/json', 'GraphQL-Features': 'merge_queue' },
      {
        query: text,
        variables: { name: 'tool', owner: 'acme', ...variables },
      },
    );
  /** gh asks by tag in both ways at once: for a draft only the second one tells. */
  const ghByTag = async (tag: string, status: number): Promise<unknown> => {
    await say(status, `GET ${RELEASES}/tags/${tag}`, GH);
    const text =
      'query RepositoryReleaseByTag($name:String!$owner:String!$tagName:String!)' +
      '{repository(owner: $owner, name: $name){release(tagName: $tagName){databaseId,isDraft}}}';
    return (await query(text, { tagName: tag })).data.repository['release'];
  };

  it('gh release create with files, download, upload --clobber, delete-asset and delete', async () => {
    await say(404, `HEAD ${RELEASES}/tags/v1.0.0`, GH);
    const made = { body: 'New\n', draft: true, name: 'First', prerelease: false, tag_name: 'v1.0.0' };
    const draft = await ask<Release>(201, `POST ${RELEASES}`, GH, made);
    const uploads = uploadsOf(draft);
    for (const name of ['tool-linux', 'tool-darwin'])
      await say(201, `POST ${uploads}?label=&name=${name}`, { ...GH, ...BYTES, Accept: GH.Accept }, name);
    expect(await shown()).toEqual([]);
    const published = { ...GH, 'Content-Type': 'application/json' };
    const page = await ask(200, `PATCH ${draft.url}`, published, { draft: false });
    expect(page).toMatchObject({ html_url: `${server.url}/releases/tag/v1.0.0`, draft: false });
    expect(await shown()).toEqual([['v1.0.0', 'tool-darwin', 'tool-linux']]);

    expect(await ghByTag('v1.0.0', 200)).toEqual({ databaseId: draft.id, isDraft: false });
    const { assets } = await ask<Release>(200, `GET ${RELEASES}/tags/v1.0.0`, GH);
    const linux = assets.find(({ name }) => name === 'tool-linux');
    const taken = await say(200, `GET ${linux?.url}`, { ...GH, Accept: 'application/octet-stream' });
    expect(await taken.text()).toBe('tool-linux');

    await say(204, `DELETE ${linux?.url}`, GH);
    await say(
      201,
      `POST ${uploads}?label=&name=tool-linux`,
      { ...GH, ...BYTES, Accept: GH.Accept },
      'mended',
    );
    const again = await say(200, `GET ${linux?.url}`, { ...GH, Accept: 'application/octet-stream' });
    expect(await again.text()).toBe('mended');

    await say(204, `DELETE ${linux?.url}`, GH);
    expect(await shown()).toEqual([['v1.0.0', 'tool-darwin']]);
    await say(204, `DELETE ${draft.url}`, GH);
    expect(await shown()).toEqual([]);
  });

  it('gh release create --draft, list and edit --draft=false', async () => {
    const fields = { body: 'later', draft: true, prerelease: false, tag_name: 'v1.0.0' };
    const draft = await ask<Release>(201, `POST ${RELEASES}`, GH, fields);
    const list =
      'query RepositoryReleaseList($endCursor:String$name:String!$owner:String!$perPage:Int!)' +
      '{repository(owner: $owner, name: $name){releases(first: $perPage, orderBy: {field: CREATED_AT, direction: DESC}, after: $endCursor)' +
      '{nodes{name,tagName,isDraft,isLatest,isPrerelease,createdAt,publishedAt},pageInfo{hasNextPage,endCursor}}}}';
    const { data } = await query(list, { endCursor: null, perPage: 30 });
    expect(data.repository['releases']).toMatchObject({ nodes: [{ tagName: 'v1.0.0', isDraft: true }] });

    expect(await ghByTag('v1.0.0', 404)).toEqual({ databaseId: draft.id, isDraft: true });
    await say(200, `GET ${RELEASES}/${draft.id}`, GH);
    const edited = { body: 'published', draft: false, name: 'Now', tag_name: 'v1.0.0' };
    await say(200, `PATCH ${RELEASES}/${draft.id}`, GH, edited);
    expect(await ghByTag('v1.0.0', 200)).toEqual({ databaseId: draft.id, isDraft: false });
    expect(await json(await get(server, `${RELEASES}/latest`))).toMatchObject({
      name: 'Now',
      body: 'published',
    });
  });

  it('gh auth status', async () => {
    expect(await ask(200, 'GET /api/v3/', GH)).toEqual({
      current_user_url: `${server.url}/api/v3/user`,
      rate_limit_url: `${server.url}/api/v3/rate_limit`,
      repository_url: `${server.url}/api/v3/repos/{owner}/{repo}`,
    });
    const wrong = await ask(401, 'GET /api/v3/', { ...GH, Authorization: 'token wrong' });
    expect(wrong).toMatchObject({ message: 'Bad credentials' });
  });

  it('softprops/action-gh-release, once and again', async () => {
    const form = { ...ACTION, 'Content-Type': 'application/json; charset=utf-8' };
    await say(404, `GET ${RELEASES}/tags/v1.0.0`, ACTION);
    const draft = await ask<Release>(201, `POST ${RELEASES}`, form, {
      tag_name: 'v1.0.0',
      name: 'First',
      body: 'What is new',
      draft: true,
      generate_release_notes: false,
    });
    await say(404, `GET ${RELEASES}/tags/v1.0.0`, ACTION);
    expect(await ask(200, `GET ${RELEASES}?per_page=100`, ACTION)).toMatchObject([
      { id: draft.id, draft: true },
    ]);
    const uploads = uploadsOf(draft);
    await say(201, `POST ${uploads}?name=tool-linux`, { ...ACTION, ...BYTES, Accept: ACTION.Accept }, 'one');
    await say(200, `PATCH ${RELEASES}/${draft.id}`, form, { draft: false });
    const [asset] = await ask<Asset[]>(200, `GET ${RELEASES}/${draft.id}/assets?per_page=100`, ACTION);

    await say(200, `GET ${RELEASES}/tags/v1.0.0`, ACTION);
    await say(200, `PATCH ${RELEASES}/${draft.id}`, form, {
      tag_name: 'v1.0.0',
      target_commitish: 'main',
      name: 'First',
      body: 'What is new\nMore',
      draft: false,
      prerelease: false,
      generate_release_notes: false,
    });
    await say(204, `DELETE ${RELEASES}/assets/${asset?.id}`, ACTION);
    await say(201, `POST ${uploads}?name=tool-linux`, { ...ACTION, ...BYTES, Accept: ACTION.Accept }, 'two');
    expect(await (await get(server, '/releases/download/v1.0.0/tool-linux')).text()).toBe('two');
  });

  it('PyGithub', async () => {
    const form = { ...PYGITHUB, 'Content-Type': 'application/json' };
    const repository = await ask<{ full_name: string; url: string }>(200, `GET ${REPOSITORY}`, PYGITHUB);
    expect(repository).toMatchObject({ full_name: 'acme/tool', url: `${server.url}${REPOSITORY}` });
    const draft = await ask<Release>(201, `POST ${repository.url}/releases`, form, {
      tag_name: 'v1.0.0',
      draft: true,
      prerelease: false,
      generate_release_notes: false,
      name: 'First',
      body: 'draft',
      target_commitish: 'main',
      make_latest: 'true',
    });
    const text = { ...PYGITHUB, 'Content-Type': 'text/plain' };
    const upload = `POST ${uploadsOf(draft)}?label=The+program&name=tool.txt`;
    const asset = await ask<Asset>(201, upload, text, 'the program');
    expect(asset).toMatchObject({ label: 'The program', content_type: 'text/plain', size: 11 });
    const edit = { tag_name: 'v1.0.0', name: 'First', body: 'public', draft: false, prerelease: false };
    await say(200, `PATCH ${draft.url}`, form, edit);
    expect(await ask(422, upload, text, 'another')).toMatchObject({ errors: [{ code: 'already_exists' }] });
    const anonymous = { 'User-Agent': 'PyGithub/Python', Accept: '*/*' };
    await say(200, `GET ${repository.url}/releases?per_page=1`, anonymous);
    await say(200, `GET ${asset.url}`, { ...PYGITHUB, Accept: 'application/octet-stream' });
    const renamed = await ask<Asset>(200, `PATCH ${asset.url}`, form, {
      name: 'program.txt',
      label: 'Program',
    });
    await say(204, `DELETE ${renamed.url}`, PYGITHUB);
    expect(await ask(404, `GET ${repository.url}/releases/tags/v9`, PYGITHUB)).toMatchObject({
      message: 'Not Found',
    });
  });

  it('go-github', async () => {
    const form = { ...GO_GITHUB, 'Content-Type': 'application/json' };
    const fields = { tag_name: 'v1.0.0', name: 'First', body: 'draft', draft: true };
    const { id } = await ask<Release>(201, `POST ${RELEASES}`, form, fields);
    // It makes up the address for uploads from the one that it was given.
    const asset = await ask<Asset>(
      201,
      `POST /api/uploads/repos/acme/tool/releases/${id}/assets?label=The+program&name=tool.txt`,
      { ...GO_GITHUB, 'Content-Type': 'text/plain; charset=utf-8' },
      'the program',
    );
    await say(200, `PATCH ${RELEASES}/${id}`, form, { body: 'public', draft: false });
    const bytes = await say(200, `GET ${RELEASES}/assets/${asset.id}`, {
      ...GO_GITHUB,
      Accept: BYTES.Accept,
    });
    expect(await bytes.text()).toBe('the program');
    for (const tag of ['v0.1.0', 'v0.2.0', 'v0.3.0'])
      await say(201, `POST ${RELEASES}`, form, { tag_name: tag, prerelease: true });
    const first = await say(200, `GET ${RELEASES}?per_page=3`, GO_GITHUB);
    expect(first.headers.get('link')).toContain('page=2');
    expect(await ask<unknown[]>(200, `GET ${RELEASES}?page=2&per_page=3`, GO_GITHUB)).toHaveLength(1);
  });

  it('goreleaser, once and again', async () => {
    const form = { ...GO_GITHUB, 'Content-Type': 'application/json' };
    const begin = async (known: number): Promise<void> => {
      const limit = await ask<{ resources: object }>(200, 'GET /api/v3/rate_limit', GO_GITHUB);
      expect(limit.resources).toMatchObject({
        core: { remaining: 5000, reset: expect.any(Number) as number },
      });
      await say(known, `GET ${RELEASES}/tags/v1.0.0`, GO_GITHUB);
    };
    await begin(404);
    const fields = { tag_name: 'v1.0.0', name: 'v1.0.0', body: '## Changelog\n* 1524652 feat: begin\n\n' };
    const { id } = await ask<Release>(201, `POST ${RELEASES}`, form, {
      ...fields,
      draft: true,
      prerelease: false,
    });
    const upload = `POST /api/uploads/repos/acme/tool/releases/${id}/assets?name=tool-1.0.0.tar.gz`;
    const packed = { ...GO_GITHUB, 'Content-Type': 'application/gzip' };
    await say(201, upload, packed, 'one');
    await say(200, `PATCH ${RELEASES}/${id}`, form, { draft: false });
    expect(await shown()).toEqual([['v1.0.0', 'tool-1.0.0.tar.gz']]);

    await begin(200);
    await say(200, `PATCH ${RELEASES}/${id}`, form, { ...fields, draft: false, prerelease: false });
    await say(422, upload, packed, 'two');
    const [asset] = await ask<Asset[]>(200, `GET ${RELEASES}/${id}/assets?per_page=100`, GO_GITHUB);
    await say(204, `DELETE ${RELEASES}/assets/${asset?.id}`, GO_GITHUB);
    await say(201, upload, packed, 'two');
    expect(await (await get(server, '/releases/download/v1.0.0/tool-1.0.0.tar.gz')).text()).toBe('two');
  });

  it('semantic-release', async () => {
    const form = { ...SEMANTIC_RELEASE, 'Content-Type': 'application/json; charset=utf-8' };
    // It compares owner and name with those of the project.
    expect(await ask(200, `GET ${REPOSITORY}`, SEMANTIC_RELEASE)).toMatchObject({
      clone_url: `${server.url}/acme/tool.git`,
      permissions: { push: true },
    });
    const fields = {
      tag_name: 'v1.0.0',
      target_commitish: 'main',
      name: 'v1.0.0',
      body: '# 1.0.0',
      prerelease: false,
    };
    const draft = await ask<Release>(201, `POST ${RELEASES}`, form, {
      ...fields,
      make_latest: 'true',
      draft: true,
    });
    const text = { ...SEMANTIC_RELEASE, 'Content-Type': 'text/plain' };
    const uploaded = await ask(
      201,
      `POST ${uploadsOf(draft)}?name=tool-v1.0.0.txt&label=The%20program`,
      text,
      'x',
    );
    expect(uploaded).toMatchObject({
      browser_download_url: `${server.url}/releases/download/v1.0.0/tool-v1.0.0.txt`,
    });
    await say(200, `PATCH ${RELEASES}/${draft.id}`, form, { draft: false, make_latest: 'true' });
    expect(await shown()).toEqual([['v1.0.0', 'tool-v1.0.0.txt']]);
  });

  it('release-it', async () => {
    const { login } = await ask<{ login: string }>(200, 'GET /api/v3/user', RELEASE_IT);
    await say(204, `GET ${REPOSITORY}/collaborators/${login}`, RELEASE_IT);
    await say(404, `GET ${REPOSITORY}/collaborators/somebody`, RELEASE_IT);
    await say(401, `GET ${REPOSITORY}/collaborators/${login}`, {
      ...RELEASE_IT,
      Authorization: 'token wrong',
    });
    const form = { ...RELEASE_IT, 'Content-Type': 'application/json; charset=utf-8' };
    const draft = await ask<Release>(201, `POST ${RELEASES}`, form, {
      make_latest: 'true',
      tag_name: '1.1.0',
      name: 'Tool 1.1.0',
      body: '',
      draft: true,
      prerelease: false,
      generate_release_notes: false,
    });
    const text = { ...RELEASE_IT, 'Content-Type': 'text/plain; charset=utf-8' };
    await say(201, `POST ${uploadsOf(draft)}?name=tool.txt`, text, 'the program');
    await say(200, `PATCH ${RELEASES}/${draft.id}`, form, { draft: false, tag_name: '1.1.0' });
    expect(await shown()).toEqual([['1.1.0', 'tool.txt']]);
  });

  it('octokit', async () => {
    const form = { ...OCTOKIT, 'Content-Type': 'application/json; charset=utf-8' };
    const draft = await ask<Release>(201, `POST ${RELEASES}`, form, { tag_name: 'v1.0.0', draft: true });
    const text = { ...OCTOKIT, 'Content-Type': 'text/plain; charset=utf-8' };
    const upload = `POST ${uploadsOf(draft)}?name=odd%20name%2B.txt&label=Label%20of%20it`;
    const asset = await ask<Asset>(201, upload, text, 'odd');
    expect(asset).toMatchObject({ name: 'odd.name+.txt', label: 'Label of it' });
    await say(200, `PATCH ${RELEASES}/${draft.id}`, form, { draft: false });
    const bytes = await say(200, `GET ${RELEASES}/assets/${asset.id}`, { ...OCTOKIT, Accept: BYTES.Accept });
    expect(await bytes.text()).toBe('odd');
    const latest = await say(200, `GET ${RELEASES}/latest`, OCTOKIT);
    const condition = { 'If-None-Match': latest.headers.get('etag') ?? '' };
    await say(304, `GET ${RELEASES}/latest`, { ...OCTOKIT, ...condition });
    const notes = await ask(200, `POST ${RELEASES}/generate-notes`, form, { tag_name: 'v1.1.0' });
    expect(notes).toMatchObject({ name: 'v1.1.0', body: expect.any(String) as string });
  });

  it('mise', async () => {
    await publish('v1.1.0', 'tool-1.1.0-linux-x64.tar.gz', 'packed');
    const required = { draft: false, prerelease: false, created_at: expect.any(String) as string };
    expect(await ask(200, `GET ${RELEASES}?per_page=100`, MISE)).toMatchObject([
      { tag_name: 'v1.1.0', ...required },
    ]);
    expect(await ask(200, `GET ${RELEASES}/latest`, MISE)).toMatchObject({ tag_name: 'v1.1.0', ...required });
    const { assets } = await ask<Release>(200, `GET ${RELEASES}/tags/v1.1.0`, MISE);
    expect(assets).toMatchObject([{ digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string }]);
    const bytes = await say(200, `GET ${assets[0]?.url}`, { ...MISE, Accept: 'application/octet-stream' });
    expect(await bytes.text()).toBe('packed');
  });

  it('ubi', async () => {
    await publish('v1.1.0', 'tool-linux-x86_64.tar.gz', 'packed');
    const { assets } = await ask<Release>(200, `GET ${RELEASES}/latest`, UBI);
    expect(await ask<Release>(200, `GET ${RELEASES}/tags/v1.1.0`, UBI)).toMatchObject({ assets });
    const bytes = await say(200, `GET ${assets[0]?.url}`, { ...UBI, Accept: BYTES.Accept });
    expect(await bytes.text()).toBe('packed');
  });

  it('cargo-binstall, electron-updater and install scripts, which make up addresses', async () => {
    await publish('v1.1.0', 'latest-linux.yml', 'version: 1.1.0');
    for (const path of [
      '/acme/tool/releases/download/v1.1.0/latest-linux.yml',
      '/acme/tool/releases/latest/download/latest-linux.yml',
      '/releases/latest/download/latest-linux.yml?noCache=1k8kg4r6k',
    ]) {
      await say(200, `HEAD ${path}`, { Accept: '*/*' });
      expect(await (await say(200, `GET ${path}`, { Accept: '*/*' })).text()).toBe('version: 1.1.0');
    }
    await say(404, 'HEAD /acme/tool/releases/download/v1.1.0/other', { Accept: '*/*' });
    const { url } = await say(200, 'GET /acme/tool/releases/latest', { Accept: '*/*' });
    expect(url).toMatch(/\/releases\/tag\/v1\.1\.0$/);
  });

  it('electron-updater with its provider github', async () => {
    await publish('v1.1.0', 'latest-linux.yml', 'version: 1.1.0');
    const agent = { 'User-Agent': 'electron-builder' };
    const feed = await say(200, 'GET /acme/tool/releases.atom', {
      ...agent,
      Accept: 'application/xml, application/atom+xml, text/xml, */*',
    });
    // It finds the entry by the end of its link.
    expect(await feed.text()).toMatch(/<entry>[^]*<link [^>]*href="[^"]*\/tag\/v1\.1\.0"/);
    const latest = await ask(200, `GET ${RELEASES}/latest`, { ...agent, Accept: 'application/json' });
    expect(latest).toMatchObject({ tag_name: 'v1.1.0' });
    await say(200, 'GET /acme/tool/releases/download/v1.1.0/latest-linux.yml', agent);
  });

  it('specify, with a token of GitHub', async () => {
    await publish('v1.1.0', 'spec-kit-template-claude-sh-v1.1.0.zip', 'packed');
    const { tag_name: tag, assets } = await ask<{ tag_name: string; assets: Record<string, unknown>[] }>(
      200,
      'GET /latest',
      SPECIFY,
    );
    expect([tag, assets]).toMatchObject([
      'v1.1.0',
      [{ name: 'spec-kit-template-claude-sh-v1.1.0.zip', size: 6 }],
    ]);
    const bytes = await say(200, `GET ${String(assets[0]?.['browser_download_url'])}`, SPECIFY);
    expect(await bytes.text()).toBe('packed');
  });
});
