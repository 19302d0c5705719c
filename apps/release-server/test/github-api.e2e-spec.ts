import { jest } from '@jest/globals';

import { PackageStore } from '#storage';

import { get, json, put, sha256 } from './support/client.js';
import { AUTH, startServer, type TestServer } from './support/server.js';

const REPO = '/repos/acme/tools';
const BYTES = { Accept: 'application/octet-stream' };

interface ReleaseView {
  readonly id: number;
  readonly url: string;
  readonly upload_url: string;
  readonly assets_url: string;
  readonly tag_name: string;
  readonly assets: readonly AssetView[];
}

interface AssetView {
  readonly id: number;
  readonly url: string;
  readonly name: string;
  readonly label: string | null;
  readonly browser_download_url: string;
}

describe("GitHub's REST API", () => {
  let server: TestServer;

  const start = async (config: Record<string, unknown> = {}): Promise<void> => {
    server = await startServer({ repository: 'acme/tools', ...config });
  };

  afterEach(() => server.stop());

  const say = async (method: string, path: string, body?: unknown, headers = AUTH): Promise<Response> =>
    fetch(path.startsWith('/') ? `${server.url}${path}` : path, {
      method,
      headers,
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  const create = async (fields: Record<string, unknown>, repo = REPO): Promise<ReleaseView> => {
    const answer = await say('POST', `${repo}/releases`, fields);
    expect(answer.status).toBe(201);
    return json(answer);
  };
  const upload = async ({ upload_url: url }: ReleaseView, name: string, content: string, label = '') => {
    const query = new URLSearchParams({ name, ...(label && { label }) }).toString();
    return say('POST', url.replace('{?name,label}', `?${query}`), content, {
      ...AUTH,
      'Content-Type': 'application/x-www-form-urlencoded',
    } as typeof AUTH);
  };
  const list = async (headers: Record<string, string> = {}, query = ''): Promise<ReleaseView[]> =>
    json(await get(server, `${REPO}/releases${query}`, headers));

  describe.each(['', '/api/v3'])('below %p', (root) => {
    const repo = `${root}${REPO}`;

    beforeEach(() => start());

    it('publishes a draft with its assets at once', async () => {
      const draft = await create({ tag_name: 'v1.0.0', name: 'One', body: '# New', draft: true }, repo);
      expect(draft).toMatchObject({
        url: `${server.url}${repo}/releases/${draft.id}`,
        assets_url: `${server.url}${repo}/releases/${draft.id}/assets`,
        html_url: `${server.url}/releases/tag/v1.0.0`,
        upload_url: `${server.url}${root === '' ? '' : '/api/uploads'}${REPO}/releases/${draft.id}/assets{?name,label}`,
        tag_name: 'v1.0.0',
        name: 'One',
        body: '# New',
        draft: true,
        prerelease: false,
        published_at: null,
        author: { login: 'auth_token' },
        assets: [],
      });

      const uploaded = await upload(draft, 'tool-linux', 'linux', 'For Linux');
      expect(uploaded.status).toBe(201);
      const asset = await json<AssetView>(uploaded);
      expect(uploaded.headers.get('location')).toBe(asset.url);
      expect(asset).toMatchObject({
        url: `${server.url}${repo}/releases/assets/${asset.id}`,
        name: 'tool-linux',
        label: 'For Linux',
        size: 5,
        digest: `sha256:${sha256('linux')}`,
        browser_download_url: `${server.url}/releases/download/v1.0.0/tool-linux`,
      });
      expect(await list()).toEqual([]);
      for (const path of [`/releases/${draft.id}`, `/releases/${draft.id}/assets`, '/releases/tags/v1.0.0']) {
        expect((await get(server, `${repo}${path}`)).status).toBe(404);
      }
      expect((await get(server, `${repo}/releases/assets/${asset.id}`, BYTES)).status).toBe(404);
      expect(await list(AUTH)).toMatchObject([{ id: draft.id, draft: true, assets: [{ id: asset.id }] }]);
      expect(
        await (await get(server, `${repo}/releases/assets/${asset.id}`, { ...BYTES, ...AUTH })).text(),
      ).toBe('linux');

      const published = await say('PATCH', `${repo}/releases/${draft.id}`, { draft: false });
      expect([published.status, await json(published)]).toMatchObject([
        200,
        { id: draft.id, draft: false, body: '# New', assets: [{ id: asset.id }] },
      ]);
      for (const path of [`/${draft.id}`, '/latest', '/tags/v1.0.0', '/tags/1.0.0', '/tags/v1.0.0/']) {
        const answer = await get(server, `${repo}/releases${path}`);
        expect([answer.status, await json(answer)]).toMatchObject([
          200,
          { id: draft.id, assets: [{ id: asset.id }] },
        ]);
      }
    });

    it('gives bytes to those who accept only these, and else JSON', async () => {
      await put(server, 'tool-v1.0.0.zip', 'content');
      const { assets } = await json<ReleaseView>(await get(server, `${repo}/releases/latest`));
      const url = assets[0]?.url.slice(server.url.length) ?? '';
      for (const accept of ['', '*/*', 'application/json', 'application/vnd.github+json', 'text/html']) {
        const answer = await get(server, url, { Accept: accept });
        expect([accept, await json(answer)]).toMatchObject([accept, assets[0] ?? {}]);
      }
      const bytes = await get(server, url, BYTES);
      expect([await bytes.text(), bytes.headers.get('etag')]).toEqual([
        'content',
        `"sha256:${sha256('content')}"`,
      ]);
      const part = await get(server, url, { ...BYTES, Range: 'bytes=0-2' });
      expect([part.status, await part.text()]).toEqual([206, 'con']);
    });
  });

  describe('of several releases', () => {
    beforeEach(() => start());

    it('lists the last published first, in pages with links, and answers 304', async () => {
      for (const tag of ['v1', 'v2', 'v3', 'v4', 'v5']) await create({ tag_name: tag });
      await create({ tag_name: 'v6', draft: true });
      expect((await list()).map(({ tag_name: tag }) => tag)).toEqual(['v5', 'v4', 'v3', 'v2', 'v1']);
      expect((await list(AUTH)).map(({ tag_name: tag }) => tag)).toEqual([
        'v6',
        'v5',
        'v4',
        'v3',
        'v2',
        'v1',
      ]);

      const second = await get(server, `${REPO}/releases?per_page=2&page=2`);
      const at = (page: number): string => `<${server.url}${REPO}/releases?per_page=2&page=${page}>`;
      expect(second.headers.get('link')).toBe(
        `${at(1)}; rel="prev", ${at(3)}; rel="next", ${at(3)}; rel="last", ${at(1)}; rel="first"`,
      );
      expect((await json<ReleaseView[]>(second)).map(({ tag_name: tag }) => tag)).toEqual(['v3', 'v2']);
      const last = await get(server, `${REPO}/releases?per_page=2&page=3`, AUTH);
      expect(last.headers.get('link')).toBe(`${at(2)}; rel="prev", ${at(1)}; rel="first"`);
      expect(last.headers.get('cache-control')).toBe('private, no-cache');
      expect((await json<ReleaseView[]>(last)).map(({ tag_name: tag }) => tag)).toEqual(['v2', 'v1']);
      const beyond = await get(server, `${REPO}/releases?per_page=2&page=999999999`);
      expect([beyond.headers.get('link'), await json(beyond)]).toEqual([
        `${at(3)}; rel="prev", ${at(1)}; rel="first"`,
        [],
      ]);

      const etag = second.headers.get('etag') ?? '';
      const again = await get(server, `${REPO}/releases?per_page=2&page=2`, { 'If-None-Match': etag });
      expect(again.status).toBe(304);
      await create({ tag_name: 'v7' });
      expect(
        (await get(server, `${REPO}/releases?per_page=2&page=2`, { 'If-None-Match': etag })).status,
      ).toBe(200);
    });

    it.each(['per_page=0', 'per_page=-1', 'per_page=x&page=0', 'page=-1', 'per_page=2&per_page=3'])(
      'takes ?%s for the first page of the usual size',
      async (query) => {
        await create({ tag_name: 'v1' });
        const answer = await get(server, `${REPO}/releases?${query}`);
        expect([answer.status, answer.headers.get('link')]).toEqual([200, null]);
        expect(await json(answer)).toHaveLength(1);
      },
    );

    it('names as the latest the highest stable one, or the one that was marked', async () => {
      const latest = async (): Promise<string> =>
        (await json<ReleaseView>(await get(server, `${REPO}/releases/latest`))).tag_name;
      expect((await get(server, `${REPO}/releases/latest`)).status).toBe(404);
      const first = await create({ tag_name: 'v1.0.0' });
      await create({ tag_name: 'v2.0.0', make_latest: 'legacy' });
      await create({ tag_name: 'v3.0.0-rc.1' });
      await create({ tag_name: 'v4.0.0', prerelease: true });
      await create({ tag_name: 'v5.0.0', make_latest: 'false' });
      expect(await latest()).toBe('v2.0.0');
      await say('PATCH', `${REPO}/releases/${first.id}`, { make_latest: 'true' });
      expect(await latest()).toBe('v1.0.0');
    });

    it('lists the assets of a release in pages', async () => {
      const release = await create({ tag_name: 'v1' });
      for (const name of ['a', 'b', 'c']) await upload(release, name, name);
      const page = await get(server, `${REPO}/releases/${release.id}/assets?per_page=2`);
      expect((await json<AssetView[]>(page)).map(({ name }) => name)).toEqual(['c', 'b']);
      expect(page.headers.get('link')).toContain(
        `/releases/${release.id}/assets?per_page=2&page=2>; rel="next"`,
      );
    });

    it('edits what is said, and nothing else', async () => {
      const release = await create({ tag_name: 'v1', name: 'T', body: 'N', target_commitish: 'dev' });
      const edited = await say('PATCH', `${REPO}/releases/${release.id}`, {
        body: null,
        name: 'U',
        unknown: 1,
      });
      expect(await json(edited)).toMatchObject({
        name: 'U',
        body: 'N',
        target_commitish: 'dev',
        tag_name: 'v1',
      });
      const moved = await say('PATCH', `${REPO}/releases/${release.id}`, { tag_name: 'v2', body: '' });
      expect(await json(moved)).toMatchObject({ tag_name: 'v2', body: '' });
    });

    it('renames and labels assets, and deletes them and releases', async () => {
      const release = await create({ tag_name: 'v1' });
      const { url } = await json<AssetView>(await upload(release, 'tool', 'x'));
      const renamed = await json<AssetView>(await say('PATCH', url, { name: 'my tool', label: 'L' }));
      expect(renamed).toMatchObject({ name: 'my.tool', label: 'L' });
      expect((await say('DELETE', renamed.url)).status).toBe(204);
      expect((await say('DELETE', renamed.url)).status).toBe(404);
      expect((await say('DELETE', release.url)).status).toBe(204);
      expect((await get(server, `${REPO}/releases/tags/v1`)).status).toBe(404);
    });

    it('labels assets of any name', async () => {
      const release = await create({ tag_name: 'v1' });
      await upload(release, 'tool', 'x', 'L');
      const asset = await json<AssetView>(await upload(release, 'constructor', 'x'));
      expect(asset.label).toBeNull();
      const renamed = await say('PATCH', asset.url, { name: 'toString' });
      expect([renamed.status, await json(renamed)]).toMatchObject([200, { name: 'toString', label: null }]);
      expect(await json(await say('PATCH', asset.url, { label: '' }))).toMatchObject({
        message: 'Not Found',
      });
    });

    it('answers HEAD of an asset without a look at its bytes', async () => {
      const release = await create({ tag_name: 'v1' });
      const { url } = await json<AssetView>(await upload(release, 'tool', 'content'));
      const open = jest.spyOn(server.app.get(PackageStore), 'open');
      const head = await say('HEAD', url, undefined, { ...AUTH, ...BYTES });
      expect([head.status, head.headers.get('content-length')]).toEqual([200, '7']);
      expect(open).not.toHaveBeenCalled();
    });

    it.each([
      [{ 'Content-Encoding': 'gzip' }, 415, 'unsupported_content_coding'],
      [{ 'Content-Range': 'bytes 5-9/100' }, 400, 'partial_upload'],
      [{ 'Content-Range': 'bytes 0-9/10' }, 400, 'partial_upload'],
      [{ 'Upload-Offset': '5' }, 400, 'partial_upload'],
    ])('refuses an upload with %j, which is not the whole asset', async (headers, status, code) => {
      const { id } = await create({ tag_name: 'v1' });
      const more = { ...AUTH, ...headers } as typeof AUTH;
      const answer = await say('POST', `${REPO}/releases/${id}/assets?name=tool`, 'bytes', more);
      expect([answer.status, await json(answer)]).toMatchObject([status, { code }]);
      expect(await json(await get(server, `${REPO}/releases/${id}/assets`))).toEqual([]);
    });

    it('makes notes of the assets and the release before', async () => {
      await create({ tag_name: 'v1.0.0' });
      const draft = await create({ tag_name: 'v1.1.0', draft: true });
      await upload(draft, 'tool', 'x');
      const before = `**Previous release**: ${server.url}/releases/tag/v1.0.0`;
      const notes = await say('POST', `${REPO}/releases/generate-notes`, { tag_name: 'v1.1.0' });
      expect([notes.status, await json(notes)]).toEqual([
        200,
        { name: 'v1.1.0', body: `## Assets\n\n- \`tool\` (sha256: ${sha256('x')})\n\n${before}` },
      ]);
      expect(await create({ tag_name: 'v2.0.0', body: 'New', generate_release_notes: true })).toMatchObject({
        body: `New\n\n${before}`,
      });
      expect(
        (await say('POST', `${REPO}/releases/generate-notes`, { tag_name: 'x', previous_tag_name: 'y' }))
          .status,
      ).toBe(404);
    });

    it('makes file names of other names as GitHub does, and takes each name once', async () => {
      await put(server, 'tool-v1.0.0.zip', 'flat');
      const release = await json<ReleaseView>(await get(server, `${REPO}/releases/tags/v1.0.0`));
      expect(await json(await upload(release, 'my tool (1).zip', 'x'))).toMatchObject({
        name: 'my.tool.1.zip',
      });
      for (const name of ['my.tool.1.zip', 'tool-v1.0.0.zip']) {
        const again = await upload(release, name, 'y');
        expect([again.status, await json(again)]).toMatchObject([
          422,
          {
            message: 'Validation Failed',
            errors: [{ resource: 'ReleaseAsset', field: 'name', code: 'already_exists' }],
          },
        ]);
      }
      for (const name of ['', '..', '/', 'x'.repeat(201)]) {
        expect((await upload(release, name, 'x')).status).toBe(422);
      }
    });
  });

  describe('says what is wrong as GitHub does', () => {
    beforeEach(() => start());

    it.each([
      ['GET', '/releases/tags/v1', undefined, 404, { message: 'Not Found', code: 'release_not_found' }],
      ['GET', '/releases/1', undefined, 404, { message: 'Not Found' }],
      ['GET', '/releases/x', undefined, 404, { message: 'Not Found' }],
      ['GET', '/releases/assets/1', undefined, 404, { message: 'Not Found', code: 'package_not_found' }],
      ['GET', '/nothing', undefined, 404, { message: 'Not Found', code: 'not_found' }],
      ['PUT', '/releases', undefined, 405, { code: 'method_not_allowed' }],
      ['DELETE', '/releases/1', undefined, 404, { message: 'Not Found' }],
      ['POST', '/releases', '{', 400, { message: 'Problems parsing JSON: the body is not a JSON document.' }],
      ['POST', '/releases', [], 422, { message: 'Validation Failed' }],
      ['POST', '/releases', {}, 422, { errors: [{ field: 'tag_name', code: 'missing_field' }] }],
      ['POST', '/releases', { tag_name: 1 }, 422, { errors: [{ field: 'tag_name', code: 'invalid' }] }],
      [
        'POST',
        '/releases',
        { tag_name: 'a/../b' },
        422,
        { errors: [{ field: 'tag_name', code: 'invalid' }] },
      ],
      [
        'POST',
        '/releases',
        { tag_name: 'v9', body: 'x'.repeat(125_001) },
        422,
        { errors: [{ field: 'body' }] },
      ],
      ['POST', '/releases/generate-notes', {}, 422, { errors: [{ field: 'tag_name' }] }],
    ])('%s %s %j: %i', async (method, path, body, status, expected) => {
      for (const root of ['', '/api/v3']) {
        const answer = await say(method, `${root}${REPO}${path}`, body);
        expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
        expect([answer.status, await json(answer)]).toMatchObject([status, expected]);
      }
    });

    it('for a body that is not UTF-8', async () => {
      const body = Buffer.from('{"tag_name":"v1","name":"\xff"}', 'latin1');
      const answer = await fetch(`${server.url}${REPO}/releases`, { method: 'POST', headers: AUTH, body });
      expect([answer.status, await json(answer)]).toMatchObject([400, { code: 'bad_request' }]);
    });

    it('for a tag that is taken', async () => {
      await create({ tag_name: 'v1' });
      const again = await say('POST', `${REPO}/releases`, { tag_name: 'v1' });
      expect([again.status, await json(again)]).toMatchObject([
        422,
        {
          message: 'Validation Failed',
          errors: [{ resource: 'Release', field: 'tag_name', code: 'already_exists' }],
          code: 'release_exists',
          status: 422,
        },
      ]);
    });

    it('for a token that is missing or wrong, which hinders no read', async () => {
      const none = await say('POST', `${REPO}/releases`, { tag_name: 'v1' }, {} as typeof AUTH);
      expect([none.status, await json(none)]).toMatchObject([401, { message: 'Requires authentication' }]);
      const wrong = { Authorization: 'token ghp_other' };
      const refused = await say('POST', `${REPO}/releases`, { tag_name: 'v1' }, wrong);
      expect([refused.status, await json(refused)]).toMatchObject([401, { message: 'Bad credentials' }]);
      expect((await get(server, '/user', wrong)).status).toBe(401);
      await create({ tag_name: 'v1', draft: true });
      expect(await list(wrong)).toEqual([]);
    });
  });

  it('tells of the repository, the token, the limit and itself', async () => {
    await start();
    const token = { Authorization: AUTH.Authorization.replace('Bearer', 'token') };
    const repository = await get(server, '/api/v3/repos/any/other');
    expect(await json(repository)).toMatchObject({
      full_name: 'acme/tools',
      clone_url: `${server.url}/acme/tools.git`,
      url: `${server.url}/api/v3${REPO}`,
      permissions: { push: false, pull: true },
    });
    expect(await json(await get(server, REPO, token))).toMatchObject({ permissions: { push: true } });
    expect(await json(await get(server, '/api/v3/user', token))).toMatchObject({ login: 'auth_token' });
    const limit = await get(server, '/rate_limit');
    expect(await json(limit)).toMatchObject({ rate: { remaining: 5000 } });
    expect(limit.headers.get('x-ratelimit-remaining')).toBe('5000');
    expect(limit.headers.get('x-github-media-type')).toBe('github.v3; format=json');
    expect(await json(await get(server, '/api/v3/meta'))).toMatchObject({ installed_version: '3.17.0' });
  });

  it('answers for no other repository where it is strict', async () => {
    await start({ strict_repository: true });
    expect((await get(server, '/repos/ACME/tools/releases')).status).toBe(200);
    for (const path of ['', '/releases', '/releases/latest']) {
      const answer = await get(server, `/repos/acme/other${path}`);
      expect([answer.status, await json(answer)]).toMatchObject([404, { message: 'Not Found' }]);
    }
    expect((await say('POST', '/repos/acme/other/releases', { tag_name: 'v1' })).status).toBe(404);
  });
});
