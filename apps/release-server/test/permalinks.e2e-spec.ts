import type { Application } from 'express';

import { Controller, Get, Module } from '@nestjs/common';

import { Public } from '#auth';

import { routesOf } from '../src/server/routes.js';
import { get, json, put } from './support/client.js';
import { rawRequest } from './support/raw.js';
import { AUTH, startServer, withServer, type TestServer } from './support/server.js';

const PAGE = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

async function makeReleases(server: TestServer): Promise<void> {
  await put(server, 'tool-v1.0.0.zip', 'flat');
  for (const [tag, file] of [
    ['cli/v2.0.0', 'tool-linux'],
    ['v3.0.0-rc.1', 'tool-linux'],
  ]) {
    const url = `${server.url}/releases/${encodeURIComponent(tag ?? '')}/assets/${file}`;
    const made = await fetch(url, { method: 'PUT', headers: AUTH, body: `${tag} ${file}` });
    expect(made.status).toBe(201);
  }
}

describe('permanent addresses of releases', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer();
    await makeReleases(server);
  });

  afterAll(async () => {
    await server.stop();
  });

  /** Without following redirects. */
  const ask = async (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> =>
    fetch(`${server.url}${path}`, { method, headers, redirect: 'manual' });

  /** With a path as it stands, which clients would clean up. */
  const raw = async (method: string, path: string): Promise<number> => {
    const lines = [
      `${method} ${path} HTTP/1.1`,
      'Host: localhost',
      `Accept: ${PAGE.Accept}`,
      'Connection: close',
    ];
    return (await rawRequest(server.port, `${lines.join('\r\n')}\r\n\r\n`)).status;
  };

  describe.each(['', '/acme/tool', '/a.b_c/.github', '/releases/releases'])('below "%s"', (prefix) => {
    it('are downloads, by tags with slashes of either kind, with ranges and conditions, also for HEAD', async () => {
      for (const tag of ['cli/v2.0.0', 'cli%2Fv2.0.0', 'cli%2fv2.0.0']) {
        const path = `${prefix}/releases/download/${tag}/tool-linux`;
        const whole = await ask(path);
        expect([whole.status, await whole.text()]).toEqual([200, 'cli/v2.0.0 tool-linux']);
        const etag = whole.headers.get('etag') ?? '';
        expect((await ask(path, { 'If-None-Match': etag })).status).toBe(304);
        expect((await ask(path, { 'If-Match': '"other"' })).status).toBe(412);
        const part = await ask(path, { Range: 'bytes=0-2' });
        expect([part.status, await part.text()]).toEqual([206, 'cli']);
        const head = await ask(path, {}, 'HEAD');
        expect([head.status, head.headers.get('content-length'), head.headers.get('etag')]).toEqual([
          200,
          '21',
          etag,
        ]);
        expect((await ask(path, { Range: 'bytes=99-' }, 'HEAD')).status).toBe(416);
      }
      const flat = await ask(`${prefix}/releases/download/1.0.0/tool-v1.0.0.zip`);
      expect([flat.status, await flat.text()]).toEqual([200, 'flat']);
    });

    it('lead to the latest release, which is stable, and to its files', async () => {
      for (const method of ['GET', 'HEAD']) {
        const latest = await ask(`${prefix}/releases/latest`, {}, method);
        expect([latest.status, latest.headers.get('location')]).toEqual([
          302,
          `${server.url}${prefix}/releases/tag/cli%2Fv2.0.0`,
        ]);
        expect((await fetch(`${server.url}${prefix}/releases/latest/`)).url).toBe(
          latest.headers.get('location'),
        );
      }
      const file = await ask(`${prefix}/releases/latest/download/tool-linux?x=/y`);
      expect([file.status, await file.text()]).toEqual([200, 'cli/v2.0.0 tool-linux']);
    });

    it('are pages, with links that lead somewhere', async () => {
      for (const path of ['/releases', '/releases/', '/releases/tag/cli/v2.0.0', '/releases/tag/1.0.0']) {
        const page = await get(server, `${prefix}${path}`, PAGE);
        const html = await page.text();
        expect([path, page.status, /<h1>/.test(html)]).toEqual([path, 200, true]);
        const [, style = ''] = /rel="stylesheet" href="([^"]+)"/.exec(html) ?? [];
        expect((await fetch(new URL(style, page.url))).status).toBe(200);
        const etag = page.headers.get('etag') ?? '';
        expect((await ask(`${prefix}${path}`, { 'If-None-Match': etag })).status).toBe(304);
      }
    });

    it.each([
      '/releases/download/v9/tool-linux',
      '/releases/download/v3.0.0-rc.1/other',
      '/releases/latest/download/nothing',
      '/releases/tag/v9',
      '/releases/download/../v3.0.0-rc.1/tool-linux',
      '/releases/download/%2e%2e/tool-linux',
      '/releases/download/./tool-linux',
      '/releases/download/cli%2F..%2Fcli%2Fv2.0.0/tool-linux',
      '/releases/download/cli%252Fv2.0.0/tool-linux',
      '/releases/download/cli//v2.0.0/tool-linux',
      '/releases/download/v3.0.0-rc.1/..%2Ftool-linux',
      '/releases/download/v3.0.0-rc.1/%2e%2e',
      '/releases/download/v3.0.0-rc.1/.release.json',
      '/releases/download/v3.0.0-rc.1/tool-linux%00',
      '/releases/download/%00/tool-linux',
      '/releases/download/con/tool-linux',
      `/releases/download/${'v'.repeat(300)}/tool-linux`,
      `/releases/download/v3.0.0-rc.1/${'f'.repeat(300)}`,
      '/releases/tag/%2e%2e',
      '/releases/tag/%00',
      `/releases/tag/${'v'.repeat(300)}`,
      '/releases/latest/download/..%2f..%2fetc%2fpasswd',
      '/releases/download/v3.0.0-rc.1',
      '/releases/nothing/at/all',
    ])('have nothing at %s', async (path) => {
      for (const method of ['GET', 'HEAD']) {
        expect([path, await raw(method, prefix + path)]).toEqual([path, 404]);
      }
    });

    it('cannot be decoded everywhere', async () => {
      expect((await ask(`${prefix}/releases/download/%zz/x`)).status).toBe(400);
    });
  });

  it.each(['/acme/tool', '/acme/tool/'])('lead from %s to the page of releases', async (path) => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await ask(path, PAGE, method);
      expect([answer.status, answer.headers.get('location'), answer.headers.get('vary')]).toEqual([
        302,
        `${server.url}/acme/tool/releases`,
        'Accept',
      ]);
    }
    // Mutant: a program that missed the address of a package saves a page in its place.
    const program = await ask(path);
    expect([program.status, await json(program)]).toEqual([
      404,
      expect.objectContaining({ code: 'not_found' }),
    ]);
  });

  it('lead to the page of releases from the repository that the server is by default, whoever asks', async () => {
    const { full_name: own } = (await json(await get(server, '/repos/acme/tool'))) as { full_name: string };
    const answer = await ask(`/${own}`);
    expect([answer.status, answer.headers.get('location')]).toEqual([302, `${server.url}/${own}/releases`]);
    expect((await ask(`/${own}.git`)).status).toBe(404);
  });

  it.each([
    '/acme/tool/x',
    '/acme/tool//releases',
    '/acme/tool/releases.zip',
    '/acme/tool/releasesx',
    '/acme/tool/Releases',
    '/acme/../releases',
    '/acme/./releases',
    '/acme/%2e%2e/releases',
    '/-acme/tool/releases',
    '/.well-known/tool/releases',
    '/acme//releases',
    '//tool/releases',
    `/${'a'.repeat(101)}/tool/releases`,
    `/acme/${'t'.repeat(101)}/releases`,
    '/a%00b/tool/releases',
    '/acme/to%2Fol/releases',
    '/Assets/tool',
    '/assets/x.zip',
    '/docs/nothing',
    '/static/nothing',
    '/token/x',
    '/upload/x.zip',
    '/latest/x',
    '/.well-known/security.txt',
  ])('leave %s alone', async (path) => {
    expect([path, await raw('GET', path)]).toEqual([path, 404]);
  });

  it('are for reading', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      for (const path of ['/acme/tool', '/acme/tool/releases', '/acme/tool/releases/cli%2Fv2.0.0']) {
        expect([method, path, (await ask(path, AUTH, method)).status]).toEqual([method, path, 404]);
      }
    }
    expect((await get(server, '/releases/tag/cli/v2.0.0')).status).toBe(200);
  });

  it('take the place of no route', async () => {
    const routes = routesOf(server.app.getHttpAdapter().getInstance() as Application);
    expect(routes.length).toBeGreaterThan(25);
    for (const { method, path } of routes) {
      const address = path.replace(/[:*]\w+/g, 'x');
      for (const asked of new Set([method, 'GET'])) {
        const location = (await ask(address, PAGE, asked)).headers.get('location') ?? '';
        expect([asked, address, location]).toEqual([
          asked,
          address,
          expect.not.stringMatching(/\/x\/releases$/),
        ]);
      }
    }
  });

  it('take the place of no route of an extension', async () => {
    @Public()
    @Controller()
    class Teams {
      @Get('teams/:team')
      team(): string {
        return 'team';
      }

      @Get(':team/:project/releases/latest')
      latest(): string {
        return 'of the extension';
      }
    }
    @Module({ controllers: [Teams] })
    class TeamsModule {}
    await withServer(
      {},
      async (extended) => {
        await makeReleases(extended);
        const text = async (path: string): Promise<string> => (await get(extended, path, PAGE)).text();
        expect(await text('/teams/one')).toBe('team');
        expect(await text('/acme/tool/releases/latest')).toBe('of the extension');
        expect((await get(extended, '/teams/one/more', PAGE)).status).toBe(404);
        expect(await text('/acme/tool/releases/latest/download/tool-linux')).toBe('cli/v2.0.0 tool-linux');
      },
      { imports: [TeamsModule] },
    );
  });

  it('are those of the configured repository only where that is strict', async () => {
    const config = { repository: 'Acme/Tool', strict_repository: true };
    await withServer(config, async (strict) => {
      await makeReleases(strict);
      const status = async (path: string, headers = {}): Promise<number> =>
        (await fetch(`${strict.url}${path}`, { headers, redirect: 'manual' })).status;
      for (const [path, found] of [
        ['/releases', 200],
        ['/releases/tag/1.0.0', 200],
        ['/releases/latest', 302],
        ['/releases/latest/download/tool-linux', 200],
        ['/releases/download/cli/v2.0.0/tool-linux', 200],
        ['', 302],
      ] as const) {
        expect([path, await status(`/Acme/Tool${path}`)]).toEqual([path, found]);
        expect([path, await status(`/acme/tool${path}`)]).toEqual([path, found]);
        expect([path, await status(`/acme/other${path}`, PAGE)]).toEqual([path, 404]);
        expect([path, await status(`/other/tool${path}`, PAGE)]).toEqual([path, 404]);
        if (path !== '') expect([path, await status(path)]).toEqual([path, found]);
      }
    });
  });

  it('have the base of links', async () => {
    await withServer({ public_url: 'https://x.example/base' }, async (other) => {
      await makeReleases(other);
      const location = async (path: string): Promise<string | null> =>
        (await fetch(`${other.url}${path}`, { redirect: 'manual', headers: PAGE })).headers.get('location');
      expect(await location('/acme/tool')).toBe('https://x.example/base/acme/tool/releases');
      expect(await location('/acme/tool/releases/latest')).toBe(
        'https://x.example/base/acme/tool/releases/tag/cli%2Fv2.0.0',
      );
    });
  });
});
