import { request as send, type IncomingMessage } from 'node:http';

import { Controller, Get, Module, Post } from '@nestjs/common';
import type { Application } from 'express';

import { Open, Public } from '#auth';

import { routesOf } from '../src/server/routes.js';
import { json, namedToken } from './support/client.js';
import { startServer, withServer, type TestServer } from './support/server.js';

const TOKENS = [['read'], ['publish'], ['admin'], ['publish', 'overwrite', 'delete']].map((scopes) =>
  namedToken(`the-${scopes.join('_')}-token`, { scopes }),
);

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const basic = (user: string, password: string) => ({
  Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});
const READER = bearer('the-read-token');
const WRITER = bearer('the-publish_overwrite_delete-token');
const BEARER = 'Bearer realm="release-server"';
const BASIC = 'Basic realm="release-server", charset="UTF-8"';
const PAGE = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

type Kind = 'open' | 'read' | 'known' | 'write';

/**
 * What each route asks for where reads ask for a token: nothing, the scope `read`, any token, or to be let write. Where it
 * is `read`, the address of what a reader finds there, and the status with which.
 */
const ROUTES: Readonly<Record<string, Kind | readonly ['read', string, number]>> = {
  'GET /': 'open',
  'GET /healthz': 'open',
  'GET /readyz': 'open',
  'GET /openapi.yaml': 'open',
  'GET /docs': 'open',
  'GET /docs/:file': 'open',
  'GET /static/:file': 'open',
  'GET /latest': ['read', '/latest', 200],
  'GET /packages': ['read', '/packages', 200],
  'GET /releases': ['read', '/releases', 200],
  'GET /releases.atom': ['read', '/releases.atom', 200],
  'GET /releases/tag/*tag': ['read', '/releases/tag/1.0.0', 200],
  'GET /releases/latest': ['read', '/releases/latest', 302],
  'GET /releases/latest/download/SHA256SUMS': ['read', '/releases/latest/download/SHA256SUMS', 200],
  'GET /releases/latest/download/:file': ['read', '/releases/latest/download/tool-v1.0.0.zip', 200],
  'GET /releases/download/*tag/SHA256SUMS': ['read', '/releases/download/1.0.0/SHA256SUMS', 200],
  'GET /releases/download/*tag/:file': ['read', '/releases/download/1.0.0/tool-v1.0.0.zip', 200],
  'GET /assets/*filename': ['read', '/assets/tool-v1.0.0.zip', 200],
  'GET /repos/:owner/:repo': ['read', '/repos/o/r', 200],
  'GET /repos/:owner/:repo/releases': ['read', '/repos/o/r/releases', 200],
  'GET /repos/:owner/:repo/releases/latest': ['read', '/repos/o/r/releases/latest', 200],
  'GET /repos/:owner/:repo/releases/tags/*tag': ['read', '/repos/o/r/releases/tags/1.0.0', 200],
  'GET /repos/:owner/:repo/releases/:id': ['read', '/repos/o/r/releases/{release}', 200],
  'GET /repos/:owner/:repo/releases/:id/assets': ['read', '/repos/o/r/releases/{release}/assets', 200],
  'GET /repos/:owner/:repo/releases/assets/:id': ['read', '/repos/o/r/releases/assets/{asset}', 200],
  'GET /rate_limit': ['read', '/rate_limit', 200],
  'GET /meta': ['read', '/meta', 200],
  'POST /graphql': ['read', '/graphql', 200],
  'POST /api/graphql': ['read', '/api/graphql', 200],
  'GET /repos/:owner/:repo/collaborators/:login': 'known',
  'GET /user': 'known',
  'GET /api/v3': 'known',
  'GET /token': 'known',
  'GET /retention': 'write',
  'POST /upload': 'write',
  'PUT /assets/*filename': 'write',
  'DELETE /assets/*filename': 'write',
  'POST /releases': 'write',
  'PATCH /releases/latest': 'write',
  'DELETE /releases/latest': 'write',
  'PATCH /releases/:tag': 'write',
  'DELETE /releases/:tag': 'write',
  'PUT /releases/:tag/assets/:file': 'write',
  'DELETE /releases/:tag/assets/:file': 'write',
  'POST /repos/:owner/:repo/releases': 'write',
  'POST /repos/:owner/:repo/releases/generate-notes': 'known',
  'PATCH /repos/:owner/:repo/releases/:id': 'write',
  'DELETE /repos/:owner/:repo/releases/:id': 'write',
  'POST /repos/:owner/:repo/releases/:id/assets': 'write',
  'PATCH /repos/:owner/:repo/releases/assets/:id': 'write',
  'DELETE /repos/:owner/:repo/releases/assets/:id': 'write',
};

/** Below a repository there are reads that no route has. */
const OF_REPOSITORY = [
  '/o/r/releases',
  '/o/r/releases.atom',
  '/o/r/releases/latest',
  '/o/r/releases/tag/1.0.0',
  '/o/r/releases/download/1.0.0/tool-v1.0.0.zip',
  '/o/r/releases/latest/download/SHA256SUMS',
  '/release-server/releases',
];

/** The route as it is called at the root: GitHub Enterprise has the same elsewhere. */
function plain(path: string): string {
  return path.replace(/^\/api\/(?:v3|uploads)(?=\/)/, '').replace(/(?<=.)\/$/, '');
}

/** With which a client asks whether it has the latest, or for a part. */
const CONDITIONS: Record<string, string>[] = [
  {},
  { 'If-None-Match': '*' },
  { 'If-Modified-Since': new Date(Date.now() + 60_000).toUTCString(), Range: 'bytes=0-1' },
];

describe('a server whose reads ask for a token', () => {
  let server: TestServer;
  let ids: { readonly release: number; readonly asset: number };

  beforeAll(async () => {
    server = await startServer({ read_access: 'token', tokens: TOKENS });
    for (const name of ['tool-v1.0.0.zip', 'tool-v0.9.0.zip']) {
      const made = await ask(`/assets/${name}`, WRITER, 'PUT', name);
      expect(made.status).toBe(201);
    }
    const release = await json<{ id: number; assets: { id: number }[] }>(
      await ask('/repos/o/r/releases/tags/1.0.0', READER),
    );
    ids = { release: release.id, asset: release.assets[0]?.id ?? 0 };
  });

  afterAll(() => server.stop());

  async function ask(
    path: string,
    headers: Record<string, string> = {},
    method = 'GET',
    body?: string,
  ): Promise<Response> {
    const type = path.endsWith('graphql') ? { 'Content-Type': 'application/json' } : undefined;
    const address = path
      .replace('{release}', String(ids?.release))
      .replace('{asset}', String(ids?.asset))
      .replace(/[:*]\w+/g, 'x');
    const init: RequestInit = { method, headers: { ...type, ...headers }, redirect: 'manual' };
    if (body !== undefined) init.body = body;
    return fetch(server.url + address, init);
  }

  async function codeOf(response: Response): Promise<unknown> {
    return [response.status, (await json(response))['code']];
  }

  const routes = (): { method: string; path: string; key: string }[] =>
    routesOf(server.app.getHttpAdapter().getInstance() as Application).map(({ method, path }) => ({
      method,
      path,
      key: `${method} ${plain(path)}`,
    }));

  it('says of every route what it asks for', () => {
    const keys = new Set(routes().map(({ key }) => key));
    expect([...keys].toSorted()).toEqual(Object.keys(ROUTES).toSorted());
  });

  it('lets nobody in without a token, but where a route is open', async () => {
    for (const { method, path, key } of routes()) {
      const kind = ROUTES[key];
      const methods = method === 'GET' ? ['GET', 'HEAD'] : [method];
      for (const one of methods) {
        for (const headers of CONDITIONS) {
          const { status } = await ask(path, headers, one, one === 'POST' ? '{' : undefined);
          if (kind === 'open') expect([one, path, status]).not.toEqual([one, path, 401]);
          else expect([one, path, status]).toEqual([one, path, 401]);
        }
      }
    }
  });

  const reads = Object.entries(ROUTES).flatMap(([key, kind]) =>
    Array.isArray(kind)
      ? [{ method: key.split(' ')[0] ?? '', path: String(kind[1]), status: Number(kind[2]) }]
      : [],
  );
  const query = JSON.stringify({ query: '{ rateLimit { limit } }' });

  it.each(reads)('lets readers read, and nobody else: $method $path', async ({ method, path, status }) => {
    const body = method === 'POST' ? query : undefined;
    const found = await ask(path, READER, method, body);
    expect(found.status).toBe(status);
    expect(found.headers.get('cache-control')).toMatch(/^(?:private(?:, no-cache)?|no-store)$/);
    expect(found.headers.get('vary')).toMatch(/\bAuthorization\b/);

    const known = found.headers.get('etag');
    for (const [headers, code] of [
      [{}, 'unauthorized'],
      [bearer('wrong'), 'unauthorized'],
      [WRITER, 'insufficient_scope'],
      [bearer('the-admin-token'), 'insufficient_scope'],
    ] as const) {
      const conditions = known === null ? undefined : { 'If-None-Match': known };
      const refused = await ask(path, { ...headers, ...conditions }, method, body);
      expect(await codeOf(refused)).toEqual([code === 'unauthorized' ? 401 : 403, code]);
      expect(refused.headers.get('etag')).toBeNull();
    }
    for (const headers of [
      { Authorization: 'token the-read-token' },
      basic('anybody', 'the-read-token'),
      basic('', 'the-read-token'),
      basic('the-read-token', ''),
      basic('the-read-token', 'x-oauth-basic'),
    ]) {
      expect((await ask(path, headers, method, body)).status).toBe(status);
    }
  });

  it.each(OF_REPOSITORY)('lets nobody read %s below a repository', async (path) => {
    for (const method of ['GET', 'HEAD']) {
      expect((await ask(path, {}, method)).status).toBe(401);
      expect([200, 302]).toContain((await ask(path, READER, method)).status);
    }
  });

  it('answers for what is not there as for what is', async () => {
    for (const path of ['/assets/none.zip', '/releases/tag/v9', '/nothing', '/o/r/none', '/packages/none']) {
      for (const method of ['GET', 'HEAD', 'PUT', 'OPTIONS']) {
        expect([path, method, (await ask(path, {}, method)).status]).toEqual([path, method, 401]);
      }
      expect((await ask(path, READER)).status).toBe(404);
    }
    await withServer(
      { read_access: 'token', repository: 'acme/tool', strict_repository: true },
      async (strict) => {
        for (const path of ['/acme/tool', '/acme/other', '/acme/tool/releases', '/acme/other/releases']) {
          expect((await fetch(strict.url + path, { redirect: 'manual', headers: PAGE })).status).toBe(401);
        }
      },
    );
  });

  it('asks for either kind of credentials, and a browser for none of its own', async () => {
    // Node's own fetch says of itself what browsers say.
    const challenge = async (headers: Record<string, string>): Promise<string | undefined> => {
      const { promise, resolve } = Promise.withResolvers<IncomingMessage>();
      send(`${server.url}/packages`, { headers }, resolve).end();
      const answer = await promise;
      answer.resume();
      return answer.headersDistinct['www-authenticate']?.join(', ');
    };
    expect(await challenge({})).toBe(`${BEARER}, ${BASIC}`);
    expect(await challenge(basic('x', 'wrong'))).toBe(`${BEARER}, ${BASIC}`);
    expect(await challenge(bearer('wrong'))).toBe(BEARER);
    expect(await challenge(PAGE)).toBe(BEARER);
    expect(await challenge({ 'Sec-Fetch-Mode': 'cors' })).toBe(BEARER);
  });

  it('takes Basic for writes too, and none from a page of another origin', async () => {
    const writer = basic('x', 'the-publish-token');
    expect((await ask('/assets/basic.zip', writer, 'PUT', 'x')).status).toBe(201);
    const foreign = { ...writer, Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' };
    expect(await codeOf(await ask('/assets/basic-2.zip', foreign, 'PUT', 'x'))).toEqual([
      403,
      'cross_origin_request',
    ]);
    expect((await ask('/graphql', { ...foreign, ...READER }, 'POST', query)).status).toBe(403);
  });

  it.each([
    basic('x', 'wrong').Authorization,
    'Basic',
    'Basic !!!!',
    `Basic ${Buffer.from('the-read-token').toString('base64')}`,
    `Basic ${Buffer.from(':').toString('base64')}`,
    `Basic ${Buffer.from('x: the-read-token').toString('base64')}`,
    'Digest the-read-token',
    'Bearer the-read-token the-read-token',
    'the-read-token',
  ])('takes no token from %j', async (authorization) => {
    expect((await ask('/packages', { Authorization: authorization })).status).toBe(401);
  });

  it('closes the public routes of extensions too, unless they are open', async () => {
    @Controller('team')
    class Team {
      @Public()
      @Get('public')
      read(): string {
        return 'public';
      }

      @Public()
      @Post('search')
      search(): string {
        return 'found';
      }

      @Open()
      @Get('open')
      open(): string {
        return 'open';
      }

      @Get('guarded')
      guarded(): string {
        return 'guarded';
      }
    }
    @Module({ controllers: [Team] })
    class TeamModule {}
    const extensions = { imports: [TeamModule] };
    const status = async ({ url }: TestServer, path: string, headers = {}, method = 'GET'): Promise<number> =>
      (await fetch(`${url}/team/${path}`, { headers, method })).status;
    await withServer(
      { read_access: 'token', tokens: TOKENS },
      async (closed) => {
        expect(await status(closed, 'public')).toBe(401);
        expect(await status(closed, 'public', WRITER)).toBe(403);
        expect(await status(closed, 'public', READER)).toBe(200);
        expect(await status(closed, 'search', {}, 'POST')).toBe(401);
        expect(await status(closed, 'open')).toBe(200);
        expect(await status(closed, 'guarded')).toBe(401);
        expect(await status(closed, 'guarded', READER)).toBe(200);
      },
      extensions,
    );
    await withServer({}, async (open) => expect(await status(open, 'public')).toBe(200), extensions);
  });

  it('serves readers where it takes no writes, and tells them whose their token is', async () => {
    await withServer({ read_access: 'token', read_only: true, tokens: TOKENS }, async (readOnly) => {
      const status = async (path: string, headers = {}, method = 'GET'): Promise<number> =>
        (await fetch(readOnly.url + path, { headers, method })).status;
      expect(await status('/packages')).toBe(401);
      for (const path of ['/packages', '/releases', '/token', '/user']) {
        expect([path, await status(path, READER)]).toEqual([path, 200]);
      }
      expect(await status('/assets/x', WRITER, 'PUT')).toBe(403);
      expect(await status('/retention', bearer('the-admin-token'))).toBe(403);
    });
  });
});

describe('a server that everybody may read', () => {
  it('takes no Basic credentials for a token, and asks for none', async () => {
    await withServer({}, async (server) => {
      const headers = basic('x', 'test-token');
      const read = await fetch(`${server.url}/packages`, { headers });
      expect([read.status, read.headers.get('cache-control')]).toEqual([200, 'no-cache']);
      const write = await fetch(`${server.url}/assets/x`, { method: 'PUT', body: 'x', headers });
      expect([write.status, write.headers.get('www-authenticate')]).toEqual([401, BEARER]);
    });
  });
});
