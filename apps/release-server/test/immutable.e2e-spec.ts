import { once } from 'node:events';
import { connect } from 'node:net';

import { get, json, names, post, put, remove, sha256 } from './support/client.js';
import { readAnswer } from './support/raw.js';
import { startServer, TOKEN, withServer, type TestServer } from './support/server.js';

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
