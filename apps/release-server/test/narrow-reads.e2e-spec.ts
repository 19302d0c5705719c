import { TokenVerifier, type Access, type Principal } from '#auth';

import { json, namedToken } from './support/client.js';
import { startServer, withServer, type TestServer } from './support/server.js';

const TOKENS = [
  namedToken('web', { scopes: ['read'], packages: ['web-*'] }),
  namedToken('web-admin', { scopes: ['read', 'overwrite', 'admin'], packages: ['web-*'] }),
  namedToken('writes', { scopes: ['publish', 'overwrite', 'delete'] }),
  namedToken('two', { scopes: ['read', 'publish', 'overwrite', 'delete'], releases: ['v2.*'] }),
];

const as = (token: string) => ({ Authorization: `Bearer ${token}` });

describe('a token that is for some packages, where reads ask for one', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ read_access: 'token', auth_token: 'all', tokens: TOKENS });
    for (const path of [
      '/assets/web-v1.0.0.zip',
      '/assets/db-v1.0.0.zip',
      '/releases/v2.0.0/assets/web-linux',
      '/releases/v2.0.0/assets/db-linux',
      '/releases/v3.0.0/assets/db-linux',
    ]) {
      const made = await fetch(server.url + path, { method: 'PUT', headers: as('all'), body: path });
      expect(made.status).toBe(201);
    }
  });

  afterAll(() => server.stop());

  async function ask(
    path: string,
    token: string,
    { headers, ...init }: Omit<RequestInit, 'headers'> & { headers?: Record<string, string> } = {},
  ): Promise<Response> {
    return fetch(server.url + path, { redirect: 'manual', ...init, headers: { ...headers, ...as(token) } });
  }

  const QUERY = `{ repository(owner: "o", name: "r") { releases(first: 9) { nodes { tagName releaseAssets(first: 9) {
    nodes { name } } } } } }`;
  const NAMES = /(?:web|db)-(?:v1\.0\.0\.zip|linux)/g;

  /** The files that an answer tells of. */
  async function told(path: string, token: string): Promise<string[]> {
    const post = {
      method: 'POST',
      body: JSON.stringify({ query: QUERY }),
      headers: { 'Content-Type': 'application/json' },
    };
    const response = await ask(path, token, path === '/graphql' ? post : {});
    expect([path, response.status]).toEqual([path, 200]);
    return [...new Set((await response.text()).match(NAMES))].toSorted();
  }

  const EVERYTHING = ['db-linux', 'db-v1.0.0.zip', 'web-linux', 'web-v1.0.0.zip'];

  it.each([
    '/latest',
    '/packages?format=json',
    '/packages?format=html',
    '/packages?format=json&q=linux%20&sort=name',
    '/repos/o/r/releases',
    '/graphql',
  ])('is told of these only by %s', async (path) => {
    const isPart = path.includes('q=');
    const only = (names: string[]): string[] => names.filter((name) => !isPart || name.endsWith('linux'));
    // One after the other and again, for answers are kept.
    for (let round = 0; round < 2; round++) {
      expect(await told(path, 'all')).toEqual(only(EVERYTHING));
      expect(await told(path, 'web')).toEqual(only(['web-linux', 'web-v1.0.0.zip']));
      expect(await told(path, 'two')).toEqual(only(['db-linux', 'web-linux']));
    }
  });

  it('is told of these only by what is said of one release', async () => {
    for (const path of [
      '/repos/o/r/releases/tags/v2.0.0',
      '/releases/tag/v2.0.0',
      '/releases/download/v2.0.0/SHA256SUMS',
      '/o/r/releases/download/v2.0.0/SHA256SUMS',
    ]) {
      expect(await told(path, 'all')).toEqual(['db-linux', 'web-linux']);
      expect(await told(path, 'web')).toEqual(['web-linux']);
      expect(await told(path, 'two')).toEqual(['db-linux', 'web-linux']);
    }
    expect((await ask('/releases/tag/v3.0.0', 'all')).status).toBe(200);
    expect((await ask('/releases/tag/v3.0.0', 'two')).status).toBe(404);
    expect(await (await ask('/releases', 'two')).text()).not.toContain('v3.0.0');
    expect(await (await ask('/releases.atom', 'two')).text()).not.toContain('v3.0.0');
  });

  it('has the latest release of these', async () => {
    const latestOf = async (token: string): Promise<string | null> =>
      (await ask('/releases/latest', token)).headers.get('location');
    expect(await latestOf('all')).toBe(`${server.url}/releases/tag/v3.0.0`);
    expect(await latestOf('two')).toBe(`${server.url}/releases/tag/v2.0.0`);
    expect(await latestOf('web')).toBe(`${server.url}/releases/tag/v2.0.0`);
  });

  it.each([
    ['web', '/assets/web-v1.0.0.zip', 200],
    ['web', '/assets/db-v1.0.0.zip', 403],
    ['web', '/assets/db-none.zip', 403],
    ['web', '/assets/web-none.zip', 404],
    ['web', '/releases/download/v2.0.0/web-linux', 200],
    ['web', '/releases/download/v2.0.0/db-linux', 403],
    ['web', '/releases/download/v2.0.0/db-none', 403],
    ['web', '/releases/download/v9.0.0/db-linux', 403],
    ['web', '/releases/download/v2.0.0/web-none', 404],
    ['web', '/releases/latest/download/web-linux', 200],
    ['web', '/releases/latest/download/db-linux', 403],
    ['two', '/assets/web-v1.0.0.zip', 403],
    ['two', '/releases/download/v2.0.0/db-linux', 200],
    ['two', '/releases/download/v3.0.0/db-linux', 403],
    ['two', '/releases/download/v4.0.0/db-linux', 403],
    ['two', '/releases/latest/download/none', 404],
    ['all', '/releases/download/v3.0.0/db-linux', 200],
  ])('downloads these only: %s %s is %i', async (token, path, status) => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await ask(path, token, { method });
      expect(answer.status).toBe(status);
      if (status !== 403 || method === 'HEAD') continue;
      expect(await json(answer)).toMatchObject({ code: 'insufficient_scope' });
      expect(answer.headers.get('www-authenticate')).toContain('scope="read"');
    }
  });

  it("finds no asset of others by GitHub's ids, and changes what it may change by them", async () => {
    const releases = await json<{ tag_name: string; id: number; assets: { id: number; name: string }[] }[]>(
      await ask('/repos/o/r/releases', 'all'),
    );
    const idOf = (tag: string): number => releases.find(({ tag_name: name }) => name === tag)?.id ?? 0;
    const other = releases.find(({ tag_name: name }) => name === 'v3.0.0')?.assets[0]?.id ?? 0;
    const bytes = { headers: { Accept: 'application/octet-stream' } };
    expect((await ask(`/repos/o/r/releases/assets/${other}`, 'all', bytes)).status).toBe(200);
    expect((await ask(`/repos/o/r/releases/assets/${other}`, 'two', bytes)).status).toBe(404);
    expect((await ask(`/repos/o/r/releases/${idOf('v3.0.0')}`, 'two')).status).toBe(404);
    const edit = {
      method: 'PATCH',
      body: '{"name":"Two"}',
      headers: { 'Content-Type': 'application/json' },
    };
    expect((await ask(`/repos/o/r/releases/${idOf('v2.0.0')}`, 'two', edit)).status).toBe(200);
    expect((await ask(`/repos/o/r/releases/${idOf('v3.0.0')}`, 'two', edit)).status).toBe(404);
    for (const init of [{ ...edit, body: '{"name":"x"}' }, { method: 'DELETE' }]) {
      const refused = await ask(`/repos/o/r/releases/assets/${other}`, 'two', init);
      expect([refused.status, (await refused.text()).includes('db-linux')]).toEqual([404, false]);
    }
    const edited = await ask(`/repos/o/r/releases/${idOf('v2.0.0')}`, 'web-admin', edit);
    expect((await edited.text()).match(NAMES)?.[0]).toBe('web-linux');
  });

  it('has notes made of these only, and of none without the scope to read', async () => {
    const notes = async (token: string, tag: string): Promise<string> => {
      const asked = { method: 'POST', body: JSON.stringify({ tag_name: tag }) };
      const answer = await ask('/repos/o/r/releases/generate-notes', token, asked);
      return answer.ok ? answer.text() : `${answer.status}`;
    };
    expect(await notes('all', 'v2.0.0')).toMatch(/db-linux.*web-linux.*v3\.0\.0/);
    expect(await notes('web', 'v2.0.0')).toMatch(/web-linux/);
    expect(await notes('web', 'v2.0.0')).not.toMatch(/db-linux/);
    expect(await notes('two', 'v3.0.0')).not.toMatch(/db-linux|v1/);
    expect(await notes('writes', 'v2.0.0')).toBe('403');
    const made = await ask('/repos/o/r/releases', 'writes', {
      method: 'POST',
      body: '{"tag_name":"v9.0.0","generate_release_notes":true}',
    });
    expect(made.status).toBe(403);
  });

  it('is told what retention would do with these only', async () => {
    const namesFor = async (token: string): Promise<string[]> =>
      (await json<{ name: string }[]>(await ask('/retention', token))).map(({ name }) => name).toSorted();
    expect(await namesFor('web-admin')).toEqual(['web-linux', 'web-v1.0.0.zip']);
    expect(await namesFor('all')).toContain('db-linux');
  });

  it('is told of no release that it cannot change, be it there or not', async () => {
    const refusal = async (method: string, tag: string, token: string, body?: string): Promise<string> => {
      const answer = await ask(`/releases/${tag}`, token, { method, ...(body !== undefined && { body }) });
      return (await answer.text()).replaceAll(tag, 'TAG');
    };
    await ask('/releases', 'all', { method: 'POST', body: '{"tag":"v5.0.0","draft":true}' });
    for (const token of ['web', 'two']) {
      for (const body of ['{}', '{"draft":true}', '{"tag":"v2.9.0"}']) {
        const none = await refusal('PATCH', 'v8.0.0', token, body);
        expect(none).toContain('insufficient_scope');
        expect(await refusal('PATCH', 'v3.0.0', token, body)).toBe(none);
        expect(await refusal('PATCH', 'v5.0.0', token, body)).toBe(none);
      }
      const none = await refusal('DELETE', 'v8.0.0', token);
      expect(await refusal('DELETE', 'v3.0.0', token)).toBe(none);
      expect(await refusal('DELETE', 'v5.0.0', token)).toBe(none);
    }
    expect((await ask('/releases/v8.0.0', 'writes', { method: 'DELETE' })).status).toBe(404);
    expect((await ask('/releases/v5.0.0', 'writes', { method: 'DELETE' })).status).toBe(204);
  });

  it('has links of these only, which need it no more', async () => {
    const [view] = await json<{ url: string }[]>(await ask('/packages?format=json&q=v1', 'web'));
    const link = new URL(view?.url ?? '');
    expect((await fetch(link)).status).toBe(200);
    expect((await fetch(`${server.url}/assets/db-v1.0.0.zip${link.search}`)).status).toBe(401);
  });
});

describe('a verifier that decides about reads itself', () => {
  class MayVerifier extends TokenVerifier {
    async verify(): Promise<Principal> {
      return { name: 'team' };
    }

    override async may(_: Principal, { scope, file = '' }: Access): Promise<boolean> {
      return scope === 'publish' || (scope === 'read' && !file.startsWith('db-'));
    }
  }

  it('is asked for each package that is downloaded', async () => {
    await withServer(
      { read_access: 'token' },
      async ({ url }) => {
        for (const name of ['web.zip', 'db-1.zip']) {
          await fetch(`${url}/assets/${name}`, { method: 'PUT', headers: as('x'), body: 'x' });
        }
        const status = async (path: string): Promise<number> =>
          (await fetch(url + path, { headers: as('x') })).status;
        expect(await status('/assets/web.zip')).toBe(200);
        expect(await status('/assets/db-1.zip')).toBe(403);
        expect(await status('/releases/download/1/db-1.zip')).toBe(403);
      },
      { verifier: { useClass: MayVerifier } },
    );
  });
});

describe('a server that everybody may read', () => {
  it('shows everything to who has a token for some', async () => {
    await withServer({ auth_token: 'all', tokens: TOKENS }, async ({ url }) => {
      await fetch(`${url}/assets/db-1.zip`, { method: 'PUT', headers: as('all'), body: 'x' });
      for (const path of ['/assets/db-1.zip', '/packages?format=json', '/releases']) {
        const answer = await fetch(url + path, { headers: as('web') });
        expect(answer.status).toBe(200);
        if (path.startsWith('/packages')) expect(await answer.text()).toContain('db-1.zip');
      }
    });
  });
});
