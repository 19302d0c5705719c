import { jest } from '@jest/globals';

import { json, namedToken } from './support/client.js';
import { makeDirectory, spawnServer } from './support/process.js';
import { rawRequest } from './support/raw.js';
import { startServer, TOKEN, withServer, type TestServer } from './support/server.js';

const WRITING = ['publish', 'overwrite', 'delete'];
const CLOSED = {
  read_access: 'token',
  link_key: 'a-key-of-some-characters',
  tokens: [namedToken('read', { scopes: ['read'] }), namedToken('write', { scopes: WRITING })],
};
const READER = { Authorization: 'Bearer read' };
const WRITER = { Authorization: 'Bearer write' };
const MINUTE_MS = 60_000;

describe('links in the answers of a server whose reads ask for a token', () => {
  let server: TestServer;
  let release: number;

  beforeAll(async () => {
    server = await startServer(CLOSED);
    await put('/assets/tool%2Ba-v1.0.0.zip', 'flat');
    await put('/releases/cli%2Fv2.0.0/assets/tool-linux', 'in a folder');
    release = (await json<{ id: number }>(await ask('/repos/o/r/releases/latest', READER))).id;
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  afterAll(() => server.stop());

  async function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> {
    return fetch(new URL(path, server.url), { method, headers, redirect: 'manual' });
  }

  async function put(path: string, body: string): Promise<Record<string, unknown>> {
    return json(await fetch(server.url + path, { method: 'PUT', headers: WRITER, body }));
  }

  /** The addresses of packages in an answer, as a client reads them. */
  async function linksAt(path: string, body = ''): Promise<string[]> {
    const post = { method: 'POST', body, headers: { ...READER, 'Content-Type': 'application/json' } };
    const response = await fetch(server.url + path, body === '' ? { headers: READER } : post);
    const text = (await response.text()).replaceAll('&amp;', '&');
    const all = text.match(/http:[^"'\s<>\\]+\/(?:assets|releases\/download)\/[^"'\s<>\\]+/g) ?? [];
    return [...new Set(all)].filter((one) => !one.includes('/repos/') && !one.includes('{'));
  }

  const query = `{ repository(owner: "o", name: "r") { releases(first: 9) { nodes { releaseAssets(first: 9) {
    nodes { url downloadUrl } } } } } }`;

  it.each([
    ['the latest release', '/latest', ''],
    ['the list', '/packages?format=json', ''],
    ['the page', '/packages?format=html&page=1', ''],
    ['the plain page', '/packages?format=html', ''],
    ["GitHub's releases", '/repos/o/r/releases', ''],
    ["GitHub's graph", '/graphql', JSON.stringify({ query })],
  ])('lead to the packages from %s, without a token', async (_, path, body) => {
    const links = await linksAt(path, body);
    const contents = await Promise.all(links.map(async (link) => (await ask(link)).text()));
    expect(contents.toSorted()).toEqual(['flat', 'in a folder']);
  });

  it('lead there from what is said of one release', async () => {
    for (const path of [
      `/repos/o/r/releases/${release}`,
      `/repos/o/r/releases/${release}/assets`,
      '/repos/o/r/releases/tags/cli/v2.0.0',
      '/releases/tag/cli%2Fv2.0.0',
    ]) {
      const [link = '', ...others] = await linksAt(path);
      expect(others).toEqual([]);
      expect(await (await ask(link)).text()).toBe('in a folder');
    }
  });

  async function linkTo(name: string): Promise<URL> {
    const links = await linksAt('/packages?format=json');
    return new URL(links.find((one) => one.includes(name)) ?? '');
  }

  it('are for GET and HEAD, with ranges and conditions, and for no cache that is shared', async () => {
    const link = (await linkTo('tool-linux')).href;
    const part = await ask(link, { Range: 'bytes=3-' });
    expect([part.status, await part.text()]).toEqual([206, 'a folder']);
    expect(part.headers.get('cache-control')).toBe('private, no-cache');
    const head = await ask(link, {}, 'HEAD');
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '11']);
    expect((await ask(link, { 'If-None-Match': head.headers.get('etag') ?? '' })).status).toBe(304);
    // What a client has for GitHub changes nothing.
    expect((await ask(link, { Authorization: 'Bearer ghp_ofGithub' })).status).toBe(200);
    for (const method of ['PUT', 'DELETE', 'POST', 'PATCH']) {
      expect([method, (await ask(link, {}, method)).status]).toEqual([method, 401]);
    }
  });

  it('hold however a proxy encodes them, and for no other address', async () => {
    const [flat, inFolder] = [await linkTo('a-v1.0.0.zip'), await linkTo('tool-linux')];
    for (const [path, { search }, status] of [
      ['/assets/tool+a-v1.0.0.zip', flat, 200],
      ['/releases/download/cli/v2.0.0/tool-linux', inFolder, 200],
      ['/assets/tool+a-v1.0.0.zip', inFolder, 401],
      ['/releases/download/cli/v2.0.0/tool-linux', flat, 401],
      ['/releases/download/v1.0.0/tool+a-v1.0.0.zip', flat, 401],
      ['/releases/latest/download/tool-linux', inFolder, 401],
      ['/o/r/releases/download/cli/v2.0.0/tool-linux', inFolder, 401],
      ['/releases/download/cli/v2.0.0/SHA256SUMS', inFolder, 401],
      ['/assets/none.zip', flat, 401],
      ['/assets/tool+a-v1.0.0.zip/', flat, 401],
      ['/packages', flat, 401],
      ['/latest', flat, 401],
      ['/token', flat, 401],
      ['/repos/o/r/releases/latest', flat, 401],
      ['/nothing', flat, 401],
    ] as const) {
      expect([path, (await ask(path + search)).status]).toEqual([path, status]);
    }
  });

  // Mutant: one reads the whole path, and another ends it at the fragment.
  it('hold for no package whose address theirs begins with', async () => {
    await put('/releases/v3.0.0/assets/secret', 'of others');
    await put(`/releases/${encodeURIComponent('v3.0.0/secret#')}/assets/own`, 'own');
    const { search } = await linkTo('/own');
    const statusOf = async (target: string): Promise<number> =>
      (await rawRequest(server.port, `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`))
        .status;
    expect(await statusOf(`/releases/download/v3.0.0/secret%23/own${search}`)).toBe(200);
    expect(await statusOf(`/releases/download/v3.0.0/secret#/own${search}`)).toBe(400);
    expect(await statusOf(`http://x/releases/download/v3.0.0/secret#/own${search}`)).toBe(400);
    expect(await statusOf(`http://x/releases/download/v3.0.0/secret%23/own${search}`)).toBe(200);
    expect(await statusOf(`http://x/releases/download/v3.0.0/secret${search}`)).toBe(401);
  });

  it('hold for no other time, and with nothing missing', async () => {
    const { pathname, searchParams } = await linkTo('tool-linux');
    const [expires = '', signature = ''] = ['expires', 'signature'].map(
      (name) => searchParams.get(name) ?? '',
    );
    const soon = Math.floor(Date.now() / 1000) + 60;
    for (const search of [
      `expires=${Number(expires) + 1}&signature=${signature}`,
      `expires=${soon}&signature=${signature}`,
      `expires=0${expires}&signature=${signature}`,
      `expires=${expires}&expires=${expires}&signature=${signature}`,
      `expires=${expires}&signature=${signature}&signature=${signature}`,
      `signature=${signature}`,
      `expires=${expires}&signature=${signature.slice(1)}`,
      `expires=${expires}&signature=${signature}A`,
      `expires=${expires}&signature=${signature}=`,
      `expires=${expires}&signature=${'A'.repeat(43)}`,
      `expires=${expires}&signature=`,
    ]) {
      const refused = await ask(`${pathname}?${search}`);
      expect([search, refused.status]).toEqual([search, 401]);
      const document = await json(refused);
      expect(document['detail']).toMatch(/^This signed link is not valid for this address: /);
      expect(JSON.stringify(document)).not.toContain(signature);
    }
    // A token does what it does in any case.
    expect((await ask(`${pathname}?expires=1&signature=x`, READER)).status).toBe(200);
  });

  it('hold for an hour at most, and are the same for a quarter of it', async () => {
    const now = jest.spyOn(Date, 'now');
    const start = Math.ceil(Date.now() / (15 * MINUTE_MS)) * 15 * MINUTE_MS;
    now.mockReturnValue(start);
    const first = await ask('/latest', READER);
    const link = (await linkTo('tool-linux')).href;
    now.mockReturnValue(start + 15 * MINUTE_MS - 1);
    const same = await ask('/latest', READER);
    expect(same.headers.get('etag')).toBe(first.headers.get('etag'));
    expect((await linkTo('tool-linux')).href).toBe(link);
    now.mockReturnValue(start + 15 * MINUTE_MS);
    const next = await ask('/latest', READER);
    expect(next.headers.get('etag')).not.toBe(first.headers.get('etag'));
    expect((await linkTo('tool-linux')).href).not.toBe(link);
    now.mockReturnValue(start + 60 * MINUTE_MS - 1);
    expect((await ask(link)).status).toBe(200);
    now.mockReturnValue(start + 60 * MINUTE_MS);
    const expired = await json(await ask(link));
    expect(expired['detail']).toMatch(/^This signed link has expired: /);
  });

  it('are none in the answers to writes, whose token need not read', async () => {
    expect(await put('/assets/new-v1.zip', 'x')).toMatchObject({ url: `${server.url}/assets/new-v1.zip` });
    const upload = await fetch(`${server.url}/repos/o/r/releases/${release}/assets?name=new`, {
      method: 'POST',
      headers: { ...WRITER, 'Content-Type': 'application/octet-stream' },
      body: 'x',
    });
    expect(await upload.text()).not.toContain('signature');
    const edited = await fetch(`${server.url}/repos/o/r/releases/${release}`, {
      method: 'PATCH',
      headers: { ...WRITER, 'Content-Type': 'application/json' },
      body: '{"name":"New"}',
    });
    const text = await edited.text();
    expect(text).toContain('/releases/download/');
    expect(text).not.toContain('signature');
  });

  it.each([
    ['of the same key', CLOSED, 200],
    ['of another key', { ...CLOSED, link_key: 'another-key-of-characters' }, 401],
  ])('are taken by a replica %s', async (_, config, status) => {
    const link = await linkTo('a-v1.0.0.zip');
    await withServer(config, async (replica) => {
      await fetch(`${replica.url}/assets/tool+a-v1.0.0.zip`, { method: 'PUT', headers: WRITER, body: 'x' });
      expect((await fetch(replica.url + link.pathname + link.search)).status).toBe(status);
    });
  });

  it('have a key of their own, made of the token where none is given', async () => {
    const linkOf = (secret: string): Promise<string> =>
      withServer({ read_access: 'token', auth_token: secret }, async ({ url }) => {
        const headers = { Authorization: `Bearer ${secret}` };
        await fetch(`${url}/assets/a.zip`, { method: 'PUT', headers, body: 'x' });
        const [view] = await json<{ url: string }[]>(await fetch(`${url}/packages?format=json`, { headers }));
        return new URL(view?.url ?? '').search;
      });
    const first = await linkOf('first-of-two-tokens');
    expect(first).toMatch(/^\?expires=\d+&signature=[\w-]{43}$/);
    expect(await linkOf('first-of-two-tokens')).toBe(first);
    expect(await linkOf('second-of-two-tokens')).not.toBe(first);
  });
});

describe('the log of a server with signed links', () => {
  it('has no signature, whatever its level, and no token', async () => {
    const directory = await makeDirectory();
    const server = await spawnServer(directory.path, { READ_ACCESS: 'token', LOG_LEVEL: 'trace' });
    try {
      const headers = { Authorization: `Basic ${Buffer.from(`x:${TOKEN}`).toString('base64')}` };
      await fetch(`${server.url}/assets/a.zip`, { method: 'PUT', headers, body: 'x' });
      const list = await fetch(`${server.url}/packages?format=json`, { headers });
      const [view] = await json<{ url: string }[]>(list);
      const link = new URL(view?.url ?? '');
      const signature = link.searchParams.get('signature') ?? '';
      for (const path of ['/assets/a.zip', '/assets/b.zip', '/packages', '/nothing', '/assets/%zz']) {
        for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
          await fetch(server.url + path + link.search, { method, headers: { Referer: link.href } });
        }
      }
      const log = (await server.logged()).join('\n');
      expect(log).toContain('GET /assets/a.zip 200');
      for (const secret of [signature, signature.slice(0, 10), TOKEN, headers.Authorization.slice(6)]) {
        expect(secret.length).toBeGreaterThan(8);
        expect(log).not.toContain(secret);
      }
    } finally {
      await server.stop();
      await directory.remove();
    }
  });
});

describe('a server that everybody may read', () => {
  it('signs no links, and takes signatures for any other query', async () => {
    await withServer({ link_key: CLOSED.link_key }, async ({ url }) => {
      const headers = { Authorization: `Bearer ${TOKEN}` };
      await fetch(`${url}/assets/a.zip`, { method: 'PUT', headers, body: 'x' });
      expect(await (await fetch(`${url}/latest`, { headers })).text()).not.toContain('signature');
      expect((await fetch(`${url}/assets/a.zip?expires=1&signature=x`)).status).toBe(200);
    });
  });
});
