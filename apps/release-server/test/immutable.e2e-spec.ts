import { once } from 'node:events';
import { connect } from 'node:net';

import { get, json, namedToken, names, post, put, remove, sha256 } from './support/client.js';
import { readAnswer } from './support/raw.js';
import { AUTH, startServer, TOKEN, withServer, type TestServer } from './support/server.js';

const KEEPING = { allow_overwrite: false, allow_delete: false };

async function immutable(server: TestServer): Promise<unknown> {
  return (await json(await get(server, '/latest')))['immutable'];
}

describe('a server that keeps what is published', () => {
  let server: TestServer;

  beforeEach(async () => {
    server = await startServer(KEEPING);
    await put(server, 'a.zip', 'one');
  });

  afterEach(async () => {
    expect(await (await get(server, '/assets/a.zip')).text()).toBe('one');
    expect(await server.staged()).toEqual([]);
    await server.stop();
  });

  describe.each([
    ['a form', post],
    ['PUT', put],
  ])('by %s', (_, publish) => {
    it.each([
      ['?overwrite=true', {}],
      ['', { 'If-Match': '*' }],
      ['', { 'If-Match': `"sha256:${sha256('one')}"` }],
      ['', { 'If-Match': '"other"' }],
      ['?overwrite=true', { 'If-Match': '*', 'If-None-Match': '*' }],
    ])('refuses to overwrite with %s %j, and tells what is stored', async (query, headers) => {
      const response = await publish(server, 'a.zip', 'two', { query, headers: { ...headers } });
      expect(response.status).toBe(403);
      expect(response.headers.get('ETag')).toBe(`"sha256:${sha256('one')}"`);
      expect(await json(response)).toMatchObject({
        code: 'overwrite_disabled',
        digest: `sha256:${sha256('one')}`,
        size: 3,
        detail: expect.stringContaining('allow_overwrite'),
      });
    });

    it('creates a free name, whether overwriting was asked for or not', async () => {
      expect((await publish(server, 'b.zip', 'x', { query: '?overwrite=true' })).ok).toBe(true);
      expect((await publish(server, 'c.zip', 'x')).ok).toBe(true);
      expect((await publish(server, 'd.zip', 'x', { headers: { 'If-Match': '*' } })).status).toBe(412);
    });

    it.each(['one', 'two'])('answers 409 with the stored digest to %p without overwriting', async (body) => {
      const response = await publish(server, 'a.zip', body);
      expect(response.status).toBe(409);
      expect(await json(response)).toMatchObject({
        code: 'package_exists',
        digest: `sha256:${sha256('one')}`,
        detail: expect.stringContaining('allow_overwrite'),
      });
      const headers = { 'If-None-Match': '*' };
      expect((await publish(server, 'a.zip', body, { headers })).status).toBe(412);
    });

    it('lets one of many that would overwrite each other create the package', async () => {
      const bodies = Array.from({ length: 24 }, (_unused, index) => `body ${index} `.repeat(1000));
      const query = '?overwrite=true';
      const responses = await Promise.all(bodies.map((body) => publish(server, 'b.zip', body, { query })));
      const winners = responses.flatMap(({ ok }, index) => (ok ? [index] : []));
      expect(winners).toHaveLength(1);
      expect(responses.filter(({ status }) => status === 403)).toHaveLength(23);
      expect(await (await get(server, '/assets/b.zip')).text()).toBe(bodies[winners[0] ?? -1]);
    });
  });

  it('refuses to overwrite before the body is sent', async () => {
    const socket = connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      `PUT /assets/a.zip?overwrite=true HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n`,
    );
    expect((await readAnswer(socket, 300)).status).toBe(403);
  });

  it('refuses to delete, whether there is such a package or not', async () => {
    for (const name of ['a.zip', 'b.zip']) {
      const response = await remove(server, name);
      expect(response.status).toBe(403);
      expect(await json(response)).toMatchObject({ code: 'delete_disabled' });
    }
  });

  it('asks for the token first', async () => {
    const headers = { Authorization: 'Bearer wrong' };
    expect((await put(server, 'a.zip', 'two', { query: '?overwrite=true', headers })).status).toBe(401);
    expect((await remove(server, 'a.zip', headers)).status).toBe(401);
  });

  it('says so in the release, and has no buttons for it on the page', async () => {
    expect(await immutable(server)).toBe(true);
    const page = await (await get(server, '/packages')).text();
    expect(page).toContain('id="publish"');
    expect(page).toContain('data-overwrite="false"');
    expect(page).not.toContain('Delete');
  });
});

it('evicts the oldest package all the same', () =>
  withServer({ ...KEEPING, max_packages: 2 }, async (server) => {
    for (const name of ['a.zip', 'b.zip', 'c.zip']) expect((await put(server, name, 'x')).status).toBe(201);
    expect(await names(server)).toEqual(['c.zip', 'b.zip']);
  }));

it.each([
  [{}, 200, 204],
  [{ allow_overwrite: false }, 403, 204],
  [{ allow_delete: false }, 200, 403],
])('with %j packages are not immutable', (config, overwriting, deleting) =>
  withServer(config, async (server) => {
    await put(server, 'a.zip', 'one');
    expect(await immutable(server)).toBe(false);
    const page = await (await get(server, '/packages')).text();
    expect(page.includes('data-overwrite="true"')).toBe(overwriting === 200);
    expect(page.includes('Delete a.zip')).toBe(deleting === 204);
    expect((await put(server, 'a.zip', 'two', { query: '?overwrite=true' })).status).toBe(overwriting);
    expect((await remove(server, 'a.zip')).status).toBe(deleting);
  }),
);

describe.each([KEEPING, { immutable: true }])('a release that is published on a server with %j', (config) => {
  let server: TestServer;

  const send = async (method: string, path: string, body?: string, headers = AUTH): Promise<Response> =>
    fetch(`${server.url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
  const expectRefusal = async (answer: Promise<Response>, code: string): Promise<void> => {
    const response = await answer;
    expect([response.status, (await json(response))['code']]).toEqual([403, code]);
  };

  beforeEach(async () => {
    server = await startServer({ ...config, tokens: [namedToken('publisher', { scopes: ['publish'] })] });
    await send('POST', '/releases', JSON.stringify({ tag: 'v1.0.0', draft: true }));
    for (const file of ['tool', 'gone']) await send('PUT', `/releases/v1.0.0/assets/${file}`, 'draft');
    await send('PUT', '/releases/v1.0.0/assets/tool?overwrite=true', 'one');
    await send('DELETE', '/releases/v1.0.0/assets/gone');
    expect((await send('PATCH', '/releases/v1.0.0', '{"draft": false}')).status).toBe(200);
  });

  afterEach(async () => {
    expect(await names(server)).toEqual(['tool']);
    expect(await (await get(server, '/releases/download/v1.0.0/tool')).text()).toBe('one');
    expect(await server.staged()).toEqual([]);
    await server.stop();
  });

  it('gets no further package, by whatever way', async () => {
    await expectRefusal(send('PUT', '/releases/v1.0.0/assets/other', 'x'), 'release_immutable');
    await expectRefusal(put(server, 'tool-v1.0.0.zip', 'x'), 'release_immutable');
    await expectRefusal(post(server, 'tool-1.0.0.zip', 'x'), 'release_immutable');
    await expectRefusal(post(server, 'other', 'x', { query: '?release=v1.0.0' }), 'release_immutable');
    // What is there already is said as ever, so that the same bytes count as success.
    const again = await send('PUT', '/releases/v1.0.0/assets/tool', 'one');
    expect([again.status, await json(again)]).toMatchObject([409, { digest: `sha256:${sha256('one')}` }]);
  });

  it('gets no further package by the API of GitHub, which says that it is immutable', async () => {
    const release = await json(await get(server, '/repos/o/r/releases/tags/v1.0.0'));
    expect(release['immutable']).toBe(true);
    const assets = `/repos/o/r/releases/${String(release['id'])}/assets?name=other`;
    await expectRefusal(send('POST', assets, 'x'), 'release_immutable');
  });

  it('loses none, and keeps its bytes and its tag', async () => {
    await expectRefusal(
      send('PUT', '/releases/v1.0.0/assets/tool?overwrite=true', 'x'),
      'overwrite_disabled',
    );
    for (const path of ['/releases/v1.0.0/assets/tool', '/releases/v1.0.0']) {
      await expectRefusal(send('DELETE', path), 'delete_disabled');
    }
    for (const change of ['{"tag": "v1.0.1"}', '{"draft": true}']) {
      await expectRefusal(send('PATCH', '/releases/v1.0.0', change), 'delete_disabled');
    }
  });

  it('says first what a token lacks that may not delete', async () => {
    const headers = { Authorization: 'Bearer publisher' };
    const { assets } = await json<{ assets: { id: number }[] }>(
      await get(server, '/repos/o/r/releases/tags/v1.0.0'),
    );
    const asset = `/repos/o/r/releases/assets/${assets[0]?.id}`;
    for (const path of ['/releases/v1.0.0', '/releases/v1.0.0/assets/tool', asset]) {
      await expectRefusal(send('DELETE', path, undefined, headers), 'insufficient_scope');
    }
    await expectRefusal(send('PATCH', asset, '{"name": "other"}', headers), 'insufficient_scope');
  });

  it('may be described anew', async () => {
    const answer = await send(
      'PATCH',
      '/releases/v1.0.0',
      '{"title": "One", "notes": "More", "prerelease": true}',
    );
    expect(await json(answer)).toMatchObject({
      tag: 'v1.0.0',
      title: 'One',
      notes: 'More',
      prerelease: true,
    });
  });
});

it('lets releases that only names and folders make grow file by file, though immutable', () =>
  withServer({ immutable: true }, async (server) => {
    for (const name of ['tool-v1.0.0.zip', 'tool-v1.0.0.zip.sha256']) {
      expect((await put(server, name, 'x')).status).toBe(201);
    }
    for (const file of ['a', 'b']) {
      const path = `${server.url}/releases/v2.0.0/assets/${file}`;
      expect((await fetch(path, { method: 'PUT', headers: AUTH, body: 'x' })).status).toBe(201);
    }
    expect(await immutable(server)).toBe(true);
    expect((await remove(server, 'tool-v1.0.0.zip')).status).toBe(403);
  }));
