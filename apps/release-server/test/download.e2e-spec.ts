import { once } from 'node:events';

import { get, json, put, sha256 } from './support/client.js';
import { startServer, type TestServer } from './support/server.js';
import { connectTo } from './support/tls.js';

const CONTENT = 'the content of a package';
const TAG = `"sha256:${sha256(CONTENT)}"`;

describe('downloading', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer();
    await put(server, 'tool-1.0.0.html', CONTENT);
  });

  afterAll(async () => {
    await server.stop();
  });

  const path = '/assets/tool-1.0.0.html';

  it('sends the bytes as an attachment that no browser runs', async () => {
    const response = await get(server, path);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(CONTENT);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment; filename="tool-1.0.0.html"',
      'content-length': String(CONTENT.length),
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'",
      'accept-ranges': 'bytes',
      'cache-control': 'no-cache',
      etag: TAG,
      'repr-digest': `sha-256=:${Buffer.from(sha256(CONTENT), 'hex').toString('base64')}:`,
    });
    expect(response.headers.get('content-encoding')).toBeNull();
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
    expect(Date.now() - Date.parse(response.headers.get('last-modified') ?? '')).toBeLessThan(60_000);
  });

  it('ignores whatever Authorization a reader sends', async () => {
    for (const Authorization of ['Bearer ghp_of_somebody_else', 'token x', 'Basic eDp5']) {
      expect((await get(server, path, { Authorization })).status).toBe(200);
      expect((await get(server, '/latest', { Authorization })).status).toBe(200);
    }
  });

  it('answers HEAD with the same headers and no body', async () => {
    const whole = await get(server, path);
    const head = await fetch(`${server.url}${path}`, { method: 'HEAD' });
    const comparable = ({ headers }: Response): Record<string, string> => {
      const transport = new Set(['date', 'x-request-id', 'connection', 'keep-alive']);
      return Object.fromEntries([...headers].filter(([name]) => !transport.has(name)));
    };
    expect(comparable(head)).toEqual(comparable(whole));
    expect(await head.text()).toBe('');
  });

  it.each([
    ['bytes=0-0', 206, 't', 'bytes 0-0/24'],
    ['bytes=-7', 206, 'package', 'bytes 17-23/24'],
    ['bytes=-99999', 206, CONTENT, 'bytes 0-23/24'],
    ['bytes=-0', 416, undefined, 'bytes */24'],
    ['bytes=4-10', 206, 'content', 'bytes 4-10/24'],
    ['bytes=4-', 206, CONTENT.slice(4), 'bytes 4-23/24'],
    ['bytes=4-99999', 206, CONTENT.slice(4), 'bytes 4-23/24'],
    ['bytes=24-', 416, undefined, 'bytes */24'],
    ['bytes=99-', 416, undefined, 'bytes */24'],
    ['bytes=5-2', 416, undefined, 'bytes */24'],
    ['bytes=x', 200, CONTENT, null],
    ['lines=1-2', 200, CONTENT, null],
    [
      `bytes=${Array.from({ length: 1000 }, (_, index) => `${index}-${index}`).join(',')}`,
      200,
      CONTENT,
      null,
    ],
  ])('answers the range %s with %d', async (range, status, body, contentRange) => {
    const response = await get(server, path, { Range: range });
    expect(response.status).toBe(status);
    expect(response.headers.get('content-range')).toBe(contentRange);
    if (body === undefined) expect(await json(response)).toMatchObject({ code: 'range_not_satisfiable' });
    else expect(await response.text()).toBe(body);
  });

  it('evaluates conditions in the order of RFC 9110', async () => {
    const lastModified = (await get(server, path)).headers.get('last-modified') ?? '';
    const earlier = new Date(Date.parse(lastModified) - 1000).toUTCString();
    const cases: [Record<string, string>, number][] = [
      [{ 'If-None-Match': TAG }, 304],
      [{ 'If-None-Match': `W/${TAG}` }, 304],
      [{ 'If-None-Match': `"x", ${TAG}` }, 304],
      [{ 'If-None-Match': '*' }, 304],
      [{ 'If-None-Match': '"x"' }, 200],
      [{ 'If-None-Match': `x${TAG}` }, 200],
      [{ 'If-None-Match': `"x" ${TAG}` }, 200],
      [{ 'If-None-Match': TAG.replaceAll('"', '') }, 200],
      [{ 'If-Modified-Since': lastModified }, 304],
      [{ 'If-Modified-Since': earlier }, 200],
      [{ 'If-Modified-Since': 'nonsense' }, 200],
      [{ 'If-Modified-Since': asctime(lastModified) }, 304],
      [{ 'If-Modified-Since': asctime(earlier) }, 200],
      [{ 'If-Modified-Since': rfc850(lastModified) }, 304],
      [{ 'If-Modified-Since': '2099' }, 200],
      [{ 'If-Modified-Since': '2099-01-01T00:00:00Z' }, 200],
      [{ 'If-Modified-Since': lastModified.replace('GMT', 'UTC') }, 200],
      [{ 'If-Unmodified-Since': '1' }, 200],
      [{ 'If-Unmodified-Since': '1999-01-01' }, 200],
      [{ 'If-Unmodified-Since': asctime(earlier) }, 412],
      [{ 'If-None-Match': '"x"', 'If-Modified-Since': lastModified }, 200],
      [{ 'If-Match': TAG }, 200],
      [{ 'If-Match': '*' }, 200],
      [{ 'If-Match': '"x"' }, 412],
      [{ 'If-Match': `W/${TAG}` }, 412],
      [{ 'If-Match': `x${TAG}` }, 412],
      [{ 'If-Unmodified-Since': earlier }, 412],
      [{ 'If-Unmodified-Since': lastModified }, 200],
      [{ 'If-Match': '"x"', Range: 'bytes=0-0' }, 412],
      [{ Range: 'bytes=0-0', 'If-Range': TAG }, 206],
      [{ Range: 'bytes=0-0', 'If-Range': '"x"' }, 200],
      [{ Range: 'bytes=0-0', 'If-Range': earlier }, 200],
      [{ Range: 'bytes=0-0', 'If-Range': lastModified }, 200],
      [{ Range: 'bytes=99-', 'If-None-Match': TAG }, 304],
    ];
    for (const [headers, status] of cases) {
      const response = await get(server, path, headers);
      expect([headers, response.status]).toEqual([headers, status]);
      if (status === 304) {
        expect(response.headers.get('etag')).toBe(TAG);
        expect(await response.text()).toBe('');
      }
    }
  });

  it.each([
    '/assets/missing',
    '/assets/.release-server',
    '/assets/a%20',
    '/assets/a.',
    `/assets/${'a'.repeat(300)}`,
  ])('answers 404 to %s', async (missing) => {
    const response = await get(server, missing);
    expect(response.status).toBe(404);
    expect(await json(response)).toMatchObject({ code: 'package_not_found' });
  });

  it('serves a trailing slash without a redirect', async () => {
    expect((await get(server, `${path}/`)).status).toBe(200);
  });

  it('shows 32 readers during overwrites only whole versions that match their own ETag', async () => {
    // Caught: sending by path after a stat of it (sendFile), writing in place, an ETag of another version.
    const bodyOf = (version: number): string => `${version} `.repeat(60_000 + version * 1000);
    await put(server, 'hot.zip', bodyOf(0));
    let writing = true;
    let reads = 0;
    const reader = async (): Promise<void> => {
      while (writing) {
        const response = await get(server, '/assets/hot.zip');
        const body = await response.text();
        expect(response.headers.get('etag')).toBe(`"sha256:${sha256(body)}"`);
        expect(response.headers.get('content-length')).toBe(String(body.length));
        reads += 1;
      }
    };
    const readers = Array.from({ length: 32 }, reader);
    for (let version = 1; version <= 15; version++) {
      expect((await put(server, 'hot.zip', bodyOf(version), { query: '?overwrite=true' })).status).toBe(200);
    }
    writing = false;
    await Promise.all(readers);
    expect(reads).toBeGreaterThan(32);
  });

  it('gives a slow reader the version that it began with, and a resumed one the whole new version', async () => {
    const first = Buffer.alloc(8 * 1024 * 1024, 'a');
    await put(server, 'slow.zip', first);
    const tag = `"sha256:${sha256(first)}"`;
    const socket = connectTo(server.port);
    socket.write('GET /assets/slow.zip HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await once(socket, 'readable');
    await put(server, 'slow.zip', 'new', { query: '?overwrite=true' });
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    expect(bytes.subarray(bytes.indexOf('\r\n\r\n') + 4).equals(first)).toBe(true);

    const resumed = await get(server, '/assets/slow.zip', { Range: 'bytes=100-', 'If-Range': tag });
    expect(resumed.status).toBe(200);
    expect(await resumed.text()).toBe('new');
  });

  it('deletes with a token, once', async () => {
    await put(server, 'gone.zip', 'x');
    const remove = (headers: Record<string, string>): Promise<Response> =>
      fetch(`${server.url}/assets/gone.zip`, { method: 'DELETE', headers });
    const Authorization = 'Bearer test-token';
    expect((await remove({})).status).toBe(401);
    expect((await remove({ Authorization, 'If-Match': '"other"' })).status).toBe(412);
    expect((await remove({ Authorization })).status).toBe(204);
    expect((await remove({ Authorization })).status).toBe(404);
    expect((await get(server, '/assets/gone.zip')).status).toBe(404);
  });
});

/** A date in the form of C's `asctime()`. */
function asctime(date: string): string {
  const [day = '', of = '', month = '', year = '', time = ''] = date.split(' ');
  return `${day.replace(',', '')} ${month} ${String(Number(of)).padStart(2)} ${time} ${year}`;
}

/** A date in the form of RFC 850. */
function rfc850(date: string): string {
  const [, of = '', month = '', year = '', time = ''] = date.split(' ');
  const day = new Intl.DateTimeFormat('en', { weekday: 'long', timeZone: 'UTC' }).format(Date.parse(date));
  return `${day}, ${of}-${month}-${year.slice(2)} ${time} GMT`;
}
