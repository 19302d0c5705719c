import { setTimeout as delay } from 'node:timers/promises';

import type { Application } from 'express';

import { routesOf } from '../src/server/routes.js';
import { get, json, put } from './support/client.js';
import { Contract } from './support/contract.js';
import { rawRequest, readAnswer } from './support/raw.js';
import { AUTH, startServer, TOKEN, withServer, type TestServer } from './support/server.js';
import { connectTo } from './support/tls.js';

describe('the server', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer();
    await put(server, 'a.zip', 'content');
  });

  afterAll(async () => {
    await server.stop();
  });

  it('has exactly the operations of the contract', () => {
    const routes = routesOf(server.app.getHttpAdapter().getInstance() as Application).map(
      ({ method, path }) => `${method} ${path.replace(/[:*](\w+)/g, '{$1}')}`,
    );
    const operations = Contract.load()
      .addresses.filter(({ method }) => method !== 'HEAD')
      .map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    const isOfRepository = (operation: string): boolean => operation.includes(' /{owner}/');
    expect(routes.toSorted()).toEqual(operations.filter((one) => !isOfRepository(one)).toSorted());
    // Below a repository is what is below the root.
    const below = operations.filter(isOfRepository).map((one) => one.replace('/{owner}/{repo}', ''));
    expect(routes).toEqual(expect.arrayContaining(below.filter((one) => one !== 'GET ')));
  });

  it.each([
    ['DELETE', '/latest', 'GET, HEAD'],
    ['POST', '/assets/a.zip', 'DELETE, GET, HEAD, PUT'],
    ['PATCH', '/assets/a.zip/', 'DELETE, GET, HEAD, PUT'],
    ['GET', '/upload', 'POST'],
    ['HEAD', '/upload', 'POST'],
    ['OPTIONS', '/upload', 'POST'],
    ['PUT', '/packages', 'GET, HEAD'],
    ['POST', '/healthz', 'GET, HEAD'],
  ])('answers %s %s with 405 and Allow: %s', async (method, path, allow) => {
    const response = await fetch(`${server.url}${path}`, { method, headers: AUTH });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe(allow);
    if (method !== 'HEAD')
      expect(await json(response)).toMatchObject({ code: 'method_not_allowed', instance: path });
  });

  it.each([
    ['PUT', '/assets', 404, /use \/assets\/\{filename\}.*curl -T.*ends with a slash/],
    ['PUT', '/assets/', 404, /use \/assets\/\{filename\}/],
    ['POST', '/assets', 404, /use \/assets\/\{filename\}.*POST a form/],
    ['PUT', '/a.zip', 404, /PUT the bytes to \/assets\/\{filename\}/],
    ['PUT', '/', 405, /PUT the bytes to \/assets\/\{filename\}/],
    ['PUT', '/upload', 405, /PUT the bytes to \/assets\/\{filename\}/],
    ['POST', '/', 405, /form .* to \/upload/],
    ['POST', '/packages', 405, /form .* to \/upload/],
    ['POST', '/assets/a.zip', 405, /form .* to \/upload/],
    ['GET', '/upload', 405, /form .* to \/upload/],
    ['GET', '/assets', 404, /list of packages at \/packages/],
    ['GET', '/asset/a.zip', 404, /A package is at \/assets\/\{filename\}/],
    ['DELETE', '/a.zip', 404, /DELETE \/assets\/\{filename\}/],
    ['DELETE', '/packages', 405, /DELETE \/assets\/\{filename\}/],
  ])('says after %s %s, a %i, where to go', async (method, path, status, hint) => {
    const response = await fetch(`${server.url}${path}`, { method, headers: AUTH });
    expect(response.status).toBe(status);
    expect(response.headers.has('allow')).toBe(status === 405);
    expect(await json(response)).toMatchObject({ detail: expect.stringMatching(hint) });
  });

  it.each(['/latest/', '/packages/', '/healthz/', '/readyz/', '/openapi.yaml/', '/docs/'])(
    'serves %s as it does without the slash',
    async (path) => {
      expect((await get(server, path)).status).toBe(200);
    },
  );

  it.each([
    '/nope',
    '/LATEST',
    '/Upload',
    '//etc/passwd',
    '/assets',
    '/assets/',
    '/constructor',
    '/docs/../package.json',
  ])('answers 404 to %s', async (path) => {
    const answer = await rawRequest(
      server.port,
      `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    );
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.body)).toMatchObject({ status: 404, code: expect.stringMatching(/not_found$/) });
  });

  it.each(['/assets/%', '/assets/%ff', '/assets/%c0%ae', '/assets/%u002e', '/docs/%'])(
    'answers 400 or 404, never 500, to %s',
    async (path) => {
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const answer = await rawRequest(
          server.port,
          `${method} ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
        );
        expect([400, 404, 405]).toContain(answer.status);
      }
    },
  );

  it('is not got round by case, encoding, trailing slash or method override', async () => {
    for (const [method, path] of [
      ['PUT', '/assets/b.zip/'],
      ['PUT', '/%61ssets/b.zip'],
      ['POST', '/upload/'],
      ['POST', '/%75pload'],
      ['DELETE', '/assets/a.zip/'],
      ['DELETE', '/assets/%61.zip'],
      ['GET', '/assets/a.zip?_method=DELETE'],
    ] as const) {
      await fetch(`${server.url}${path}`, { method, headers: { 'X-HTTP-Method-Override': 'DELETE' } });
    }
    expect(await json<{ name: string }[]>(await get(server, '/packages?format=json'))).toMatchObject([
      { name: 'a.zip' },
    ]);
  });

  it.each([
    ['two lengths', 'PUT /assets/n HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx'],
    [
      'the same length twice',
      'PUT /assets/n HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx',
    ],
    [
      'length and chunks',
      'PUT /assets/n HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'an unknown coding',
      'PUT /assets/n HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'a coding within chunks',
      'PUT /assets/n HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    ],
    ['two hosts', 'GET /latest HTTP/1.1\r\nHost: x\r\nHost: y\r\nConnection: close\r\n\r\n'],
    ['no host', 'GET /latest HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['a host that is none', 'GET /latest HTTP/1.1\r\nHost: "><script>\r\nConnection: close\r\n\r\n'],
    ['a fragment', 'GET /latest#x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    [
      'a fragment of a whole address',
      'GET http://x/latest#x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    ],
    ['an address beyond ASCII', 'GET /assets/\u00e9 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    ['no HTTP at all', 'hello\r\n\r\n'],
  ])('answers 400 to %s', async (_, bytes) => {
    const answer = await rawRequest(server.port, bytes);
    expect(answer.status).toBe(400);
  });

  it('lets a client see the refusal that goes on sending after a malformed head', async () => {
    // Caught: closing at once, so that the bytes that still come are answered by a reset, which overtakes the answer.
    const socket = connectTo(server.port).on('error', () => undefined);
    socket.write('PUT /assets/n HTTP/1.1\r\nHost: x\r\nX: \x01\r\nContent-Length: 100000\r\n\r\n');
    for (let piece = 0; piece < 10; piece++) {
      await delay(10);
      socket.write(Buffer.alloc(10_000));
    }
    expect((await readAnswer(socket, 300)).status).toBe(400);
  });

  it('answers 431 to a head that is too large', async () => {
    const answer = await rawRequest(
      server.port,
      `GET /latest HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
    );
    expect(answer.status).toBe(431);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'headers_too_large' });
  });

  it('answers pipelined requests in order', async () => {
    const one = 'GET /assets/a.zip HTTP/1.1\r\nHost: x\r\n\r\n';
    const two = 'GET /nope HTTP/1.1\r\nHost: x\r\n\r\n';
    const three = 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    const { text } = await rawRequest(server.port, `${one}${two}${three}`);
    expect([...text.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status)).toEqual(['200', '404', '200']);
  });

  it('does one after the other what is sent at once, and answers garbage in its turn', async () => {
    const head = (start: string): string =>
      `${start} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\n`;
    const writes = `${head('PUT /assets/b.zip')}Content-Length: 1\r\n\r\nx${head('DELETE /assets/b.zip')}\r\n`;
    const { text } = await rawRequest(
      server.port,
      `${writes}${head('GET /assets/b.zip')}\r\n\0garbage\r\n\r\n`,
    );
    expect([...text.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status)).toEqual([
      '201',
      '204',
      '404',
      '400',
    ]);
  });

  it('does nothing of what follows a request that closes its connection', async () => {
    const ambiguous = 'GET /latest HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n';
    const write = `DELETE /assets/a.zip HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`;
    const { text } = await rawRequest(server.port, `${ambiguous}${write}`);
    expect([...text.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status)).toEqual(['400']);
    expect((await get(server, '/assets/a.zip')).status).toBe(200);
  });

  it('ignores expectations that it does not know, and conditions on what has no version', async () => {
    const expecting = 'GET /latest HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\nConnection: close\r\n\r\n';
    expect((await rawRequest(server.port, expecting)).status).toBe(200);
    for (const path of ['/healthz', '/readyz', '/docs']) {
      expect((await get(server, path, { 'If-None-Match': '*' })).status).toBe(200);
    }
  });

  it('ignores an offer to upgrade', async () => {
    const answer = await rawRequest(
      server.port,
      'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n',
    );
    expect(answer.status).toBe(200);
  });

  it('gives browsers a page for an error, and everybody else problem details', async () => {
    const page = await get(server, '/nope', { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' });
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await page.text()).toContain('There is nothing at this address');
    for (const accept of ['*/*', 'application/json', 'application/octet-stream', '']) {
      const problem = await get(server, '/nope', { Accept: accept });
      expect(problem.headers.get('content-type')).toBe('application/problem+json');
      expect(await json(problem)).toEqual({
        type: 'urn:release-server:problem:not_found',
        title: 'There is nothing at this address',
        status: 404,
        detail: 'There is nothing at /nope.',
        instance: '/nope',
        code: 'not_found',
      });
    }
  });

  it('echoes a request id that a client may choose, and makes one otherwise', async () => {
    expect(
      (await get(server, '/latest', { 'X-Request-Id': 'build-7/step:2' })).headers.get('x-request-id'),
    ).toBe('build-7/step:2');
    expect((await get(server, '/latest', { 'X-Request-Id': 'a b' })).headers.get('x-request-id')).toMatch(
      /^[0-9a-f-]{36}$/,
    );
  });

  it('leads from / to the packages, and serves the contract with a page that loads nothing from elsewhere', async () => {
    const root = await get(server, '/');
    expect([root.status, root.headers.get('location')]).toEqual([302, `${server.url}/packages`]);
    expect(await (await get(server, '/openapi.yaml')).text()).toMatch(/^openapi: ["']?3\.1/);
    const html = await (await get(server, '/docs')).text();
    const addresses = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address ?? '');
    expect(addresses.length).toBeGreaterThan(3);
    for (const address of addresses) {
      const url = new URL(address, `${server.url}/docs`);
      expect(url.origin).toBe(server.url);
      expect((await fetch(url)).status).toBe(200);
    }
    expect(html).not.toMatch(/<script(?![^>]*src=)/);
    expect((await get(server, '/docs/package.json')).status).toBe(404);
  });
});

describe('links behind a proxy', () => {
  const forwarded = {
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-Host': 'pkg.example',
    'X-Forwarded-Prefix': '/releases/',
  };

  const assetUrl = (overrides: Record<string, unknown>, headers: Record<string, string>): Promise<string> =>
    withServer(overrides, async (server) => {
      const published = await put(server, 'a+b.zip', 'x', { headers });
      const { url } = await json<{ url: string }>(published);
      expect(published.headers.get('location')).toBe(url);
      const latest = await json<{ assets: { browser_download_url: string }[] }>(
        await get(server, '/latest', headers),
      );
      expect(latest.assets[0]?.browser_download_url).toBe(url);
      expect(await (await get(server, '/packages', headers)).text()).toContain(`href="${url}"`);
      return url.replace(server.url, 'self:');
    });

  it('follow public_url, whatever the request says', async () => {
    expect(await assetUrl({ public_url: 'https://x.example/releases/' }, forwarded)).toBe(
      'https://x.example/releases/assets/a%2Bb.zip',
    );
  });

  it('ignore forwarded headers by default', async () => {
    expect(await assetUrl({}, forwarded)).toBe('self:/assets/a%2Bb.zip');
  });

  it('follow forwarded headers from a trusted proxy', async () => {
    expect(await assetUrl({ trust_proxy: 'loopback' }, forwarded)).toBe(
      'https://pkg.example/releases/assets/a%2Bb.zip',
    );
  });

  it('ignore them from anybody else, a prefix that is no path and a scheme of no use', async () => {
    expect(await assetUrl({ trust_proxy: '10.0.0.0/8' }, forwarded)).toBe('self:/assets/a%2Bb.zip');
    for (const header of [
      ['X-Forwarded-Prefix', '//evil.example/"'],
      ['X-Forwarded-Proto', 'javascript'],
    ]) {
      expect(await assetUrl({ trust_proxy: 'loopback' }, Object.fromEntries([header]))).toBe(
        'self:/assets/a%2Bb.zip',
      );
    }
  });
});
