import { PackageStore, type OpenPackage } from '#storage';

import { get, json, put, sha256 } from './support/client.js';
import { startServer, type TestServer } from './support/server.js';

const CONTENT = 'the content of a package';
const TAG = `"sha256:${sha256(CONTENT)}"`;
const PATH = '/assets/tool-1.0.0.zip';

describe('downloading from where the store has it', () => {
  let server: TestServer;
  /** Content-Dispositions that were asked for. */
  let asked: string[];

  beforeEach(async () => {
    server = await startServer();
    await put(server, 'tool-1.0.0.zip', CONTENT);
    asked = [];
    const store = server.app.get(PackageStore);
    const open = store.open.bind(store);
    store.open = async (name): Promise<OpenPackage> => {
      const opened = await open(name);
      return {
        package: opened.package,
        read: opened.read.bind(opened),
        close: opened.close.bind(opened),
        redirect: (disposition) => {
          asked.push(disposition);
          return Promise.resolve('https://store.example/bytes?signature=x');
        },
      };
    };
  });

  afterEach(async () => {
    await server.stop();
  });

  const ask = (headers: Record<string, string> = {}, method = 'GET'): Promise<Response> =>
    fetch(`${server.url}${PATH}`, { method, headers, redirect: 'manual' });

  const ELSEWHERE: Record<string, string>[] = [
    {},
    { Range: 'bytes=0-3' },
    { Range: 'bytes=0-3', 'If-Range': TAG },
    { 'If-None-Match': '"other"' },
  ];

  it.each(ELSEWHERE)('leads there with an address that nobody may keep: %j', async (headers) => {
    const response = await ask(headers);
    expect(response.status).toBe(302);
    expect(response.headers.get('location')).toBe('https://store.example/bytes?signature=x');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('etag')).toBeNull();
    expect(await response.text()).toBe('');
    expect(asked).toEqual(['attachment; filename="tool-1.0.0.zip"']);
  });

  it("leads there from GitHub's API too, where the bytes are asked for", async () => {
    const latest = await get(server, '/repos/acme/tools/releases/latest');
    const { assets } = await json<{ assets: { url: string }[] }>(latest);
    const url = assets[0]?.url ?? '';
    const response = await fetch(url, {
      headers: { Accept: 'application/octet-stream' },
      redirect: 'manual',
    });
    expect([response.status, response.headers.get('location')]).toEqual([
      302,
      'https://store.example/bytes?signature=x',
    ]);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect((await fetch(url, { redirect: 'manual' })).status).toBe(200);
    expect(asked).toEqual(['attachment; filename="tool-1.0.0.zip"']);
  });

  it.each<[number, Record<string, string>]>([
    [200, { Range: 'bytes=0-3', 'If-Range': '"sha256:of another version"' }],
    [200, { Range: 'bytes=0-3,5-6' }],
    [200, { Range: 'lines=1-2' }],
    [304, { 'If-None-Match': TAG }],
    [412, { 'If-Match': '"other"' }],
    [416, { Range: 'bytes=1000-' }],
  ])('answers %i itself, which the store might not: %j', async (status, headers) => {
    const response = await ask(headers);
    expect(response.status).toBe(status);
    if (status === 200) expect(await response.text()).toBe(CONTENT);
    expect(asked).toEqual([]);
  });

  it('answers HEAD itself, with all that is known', async () => {
    const response = await ask({}, 'HEAD');
    expect(response.status).toBe(200);
    expect(response.headers.get('etag')).toBe(TAG);
    expect(response.headers.get('content-length')).toBe(String(CONTENT.length));
    expect(asked).toEqual([]);
  });

  it('does not know where what is not there would be', async () => {
    expect((await get(server, '/assets/none.zip')).status).toBe(404);
    expect(asked).toEqual([]);
  });
});
