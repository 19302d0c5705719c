import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { get, json, names, post, put, sha256 } from './support/client.js';
import { rawRequest } from './support/raw.js';
import { startServer, withServer, type TestServer } from './support/server.js';
import { itOnDirectory } from './support/storage.js';
import { until } from './support/until.js';

interface Item {
  name: string;
  size: number;
  created_at: string;
  sha256: string | null;
  url: string;
  release: string | null;
}

describe('GET /packages', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer();
    for (const [name, body] of [
      ['tool-1.0.0.zip', 'one'],
      ['Tool-2.0.0-rc.1.zip', 'three'],
      ['notes+draft@home~1.txt', 'no'],
    ] as const) {
      await put(server, name, body);
    }
  });

  afterAll(async () => {
    await server.stop();
  });

  it('lists name, size, time, digest and address as JSON, newest first', async () => {
    const list = await json<Item[]>(await get(server, '/packages', { Accept: 'application/json' }));
    expect(list.map(({ name }) => name)).toEqual([
      'notes+draft@home~1.txt',
      'Tool-2.0.0-rc.1.zip',
      'tool-1.0.0.zip',
    ]);
    expect(list[2]).toEqual({
      name: 'tool-1.0.0.zip',
      size: 3,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      sha256: sha256('one'),
      url: `${server.url}/assets/tool-1.0.0.zip`,
      release: '1.0.0',
    });
    for (const { url, name } of list) {
      const response = await fetch(url);
      expect(response.status).toBe(200);
      expect(sha256(await response.text())).toBe(list.find((item) => item.name === name)?.sha256);
    }
  });

  it.each([
    [undefined, '', 'text/html; charset=utf-8'],
    ['*/*', '', 'text/html; charset=utf-8'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', '', 'text/html; charset=utf-8'],
    [
      'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.1, text/html;q=0.01',
      '',
      'text/html; charset=utf-8',
    ],
    ['application/json', '', 'application/json'],
    ['application/json', '?format=html', 'text/html; charset=utf-8'],
    ['text/html', '?format=json', 'application/json'],
  ])('answers Accept %s and query %s with %s', async (accept, query, type) => {
    const response = await get(server, `/packages${query}`, accept === undefined ? {} : { Accept: accept });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
    expect(response.headers.get('vary')).toBe('Accept, Accept-Encoding');
  });

  it('shows a table with links, versions and digests', async () => {
    const html = await (await get(server, '/packages')).text();
    expect(html).toContain(
      `href="${server.url}/assets/notes%2Bdraft%40home~1.txt">notes+draft@home~1.txt</a>`,
    );
    expect(html).toContain('>2.0.0-rc.1</a></h2>');
    expect(html).toContain(sha256('three'));
    expect(html).not.toContain(server.directory);
  });

  it('never shows what somebody typed unescaped', async () => {
    const html = await (await get(server, '/packages?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E')).text();
    expect(html).not.toContain('<script>');
    expect(html).toContain('&lt;script');
  });

  itOnDirectory('never shows a file whose name is no package name', async () => {
    await writeFile(join(server.directory, '<img src=x onerror=alert(1)>'), 'x');
    expect(await (await get(server, '/packages')).text()).not.toMatch(/<img src=x|onerror=alert/);
  });

  it('finds, sorts and pages', async () => {
    const list = async (query: string): Promise<string[]> =>
      (await json<Item[]>(await get(server, `/packages?format=json&${query}`))).map(({ name }) => name);
    expect(await list('q=TOOL+zip')).toEqual(['Tool-2.0.0-rc.1.zip', 'tool-1.0.0.zip']);
    expect(await list('sort=size')).toEqual([
      'Tool-2.0.0-rc.1.zip',
      'tool-1.0.0.zip',
      'notes+draft@home~1.txt',
    ]);
    expect(await list('sort=size&order=asc')).toEqual([
      'notes+draft@home~1.txt',
      'tool-1.0.0.zip',
      'Tool-2.0.0-rc.1.zip',
    ]);
    expect(await list('sort=name')).toEqual([
      'Tool-2.0.0-rc.1.zip',
      'notes+draft@home~1.txt',
      'tool-1.0.0.zip',
    ]);
    expect(await list('order=asc&per_page=1')).toEqual(['tool-1.0.0.zip']);
    const second = await get(server, '/packages?format=json&q=zip&per_page=1&page=1');
    expect(second.headers.get('link')).toBe(
      `<${server.url}/packages?format=json&q=zip&page=2&per_page=1>; rel="next", <${server.url}/packages?format=json&q=zip&page=2&per_page=1>; rel="last"`,
    );
    expect(await list('page=9')).toEqual([]);
  });

  it('lists one release, and nothing for a tag that none has', async () => {
    const list = async (query: string): Promise<[string, string | null][]> =>
      (await json<Item[]>(await get(server, `/packages?format=json&${query}`))).map(({ name, release }) => [
        name,
        release,
      ]);
    expect(await list('release=v1.0')).toEqual([['tool-1.0.0.zip', '1.0.0']]);
    expect(await list('release=1.0.0&q=TOOL+1&sort=name')).toEqual([['tool-1.0.0.zip', '1.0.0']]);
    expect(await list('release=1.0.0&q=notes')).toEqual([]);
    for (const tag of ['v9', '', '..', '%00', 'latest']) expect(await list(`release=${tag}`)).toEqual([]);
    const other = await get(server, '/packages?format=json&release=1.0.0&per_page=1&page=2');
    expect(other.headers.get('link')).toBeNull();
    await withServer({}, async (fresh) => {
      for (const file of ['a', 'b']) {
        const { status } = await post(fresh, file, file, { query: '?release=cli%2Fv1' });
        expect(status).toBe(200);
      }
      const page = await get(fresh, '/packages?format=json&release=cli/v1&per_page=1');
      expect(page.headers.get('link')).toContain('packages?format=json&release=cli%2Fv1&page=2&per_page=1>');
      expect(await json<Item[]>(page)).toMatchObject([{ release: 'cli/v1' }]);
    });
  });

  it('shows one release as a page, from which the others can be reached', async () => {
    const html = await (await get(server, '/packages?release=v1.0')).text();
    expect(html).toContain('<a class="name" href="');
    expect(html).toContain('tool-1.0.0.zip');
    expect(html).not.toContain('Tool-2.0.0-rc.1.zip</a>');
    expect(html).toContain('1 package of <bdi>v1.0</bdi> · <a href="./packages">of all releases</a>');
    expect(html).toContain('<input type="hidden" name="release" value="v1.0"/>');
    const none = await (await get(server, '/packages?release=%3Cb%3E')).text();
    expect(none).toContain('0 packages of <bdi>&lt;b></bdi>');
    expect(none).toContain('There is no package of this release.');
    const word = await (await get(server, '/packages?release=v1.0&q=x')).text();
    expect(word).toContain('No package of this release has this in its name.');
  });

  it.each([
    'format=xml',
    'page=0',
    'per_page=-1',
    'per_page=0',
    'per_page=x',
    'sort=colour',
    'order=up',
    'page=1&page=2',
    'release=a&release=b',
    `release=${'x'.repeat(201)}`,
  ])('answers 422 to ?%s', async (query) => {
    const response = await get(server, `/packages?${query}`);
    expect(response.status).toBe(422);
    expect(await json(response)).toMatchObject({ code: 'invalid_parameter', parameter: query.split('=')[0] });
  });

  it('sends prepared bytes with an ETag, and 304 to who has them', async () => {
    for (const path of ['/packages', '/packages?format=json', '/latest']) {
      const first = await get(server, path);
      const etag = first.headers.get('etag') ?? '';
      expect(etag).toMatch(/^"[\w-]+"$/);
      const again = await get(server, path, { 'If-None-Match': etag });
      expect(again.status).toBe(304);
      expect(again.headers.get('etag')).toBe(etag);
    }
  });

  it('sends each host its own links under its own ETag, and makes nothing anew for spaces, case and defaults', async () => {
    for (const path of [
      '/packages',
      '/packages?format=json',
      '/packages?format=json&per_page=1',
      '/latest',
    ]) {
      const asked = async (host: string, more = ''): Promise<{ etag: string; text: string }> => {
        const head = `GET ${path}${more} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
        const { text } = await rawRequest(server.port, head, 2000);
        return { etag: /^etag: (.*)$/im.exec(text)?.[1] ?? '', text };
      };
      const [one, other, same] = [
        await asked('one.example'),
        await asked('other.example'),
        await asked('one.example'),
      ];
      const { protocol } = new URL(server.url);
      expect(one.text).toContain(`${protocol}//one.example/`);
      expect(other.text).toContain(`${protocol}//other.example/`);
      expect(other.text).not.toContain('one.example');
      expect([same.etag, one.etag === other.etag]).toEqual([one.etag, false]);
    }
    const tag = async (query: string): Promise<string | null> =>
      (await get(server, `/packages?format=json&${query}`)).headers.get('etag');
    const tags = [
      'q=tool+zip',
      'q=++TOOL+++zip+',
      'q=tool%09zip&order=desc',
      'q=tool+zip&sort=created_at',
    ].map(tag);
    expect(new Set(await Promise.all(tags)).size).toBe(1);
    expect(await tag('page=900')).toBe(await tag('page=901'));
  });

  itOnDirectory(
    'lists and serves what is put into the directory by hand, and its digest follows',
    async () => {
      await writeFile(join(server.directory, 'by-hand-1.0.0.zip'), 'by hand');
      await until(async () => (await names(server)).includes('by-hand-1.0.0.zip'));
      const early = await get(server, '/assets/by-hand-1.0.0.zip');
      expect(early.headers.get('etag')).toMatch(/^"[^"]+"$/);
      expect(await early.text()).toBe('by hand');
      await until(async () => {
        const list = await json<Item[]>(await get(server, '/packages?format=json'));
        return list.find(({ name }) => name === 'by-hand-1.0.0.zip')?.sha256 === sha256('by hand');
      });
      expect((await get(server, '/assets/by-hand-1.0.0.zip')).headers.get('etag')).toBe(
        `"sha256:${sha256('by hand')}"`,
      );
      expect((await put(server, 'by-hand-1.0.0.zip', 'x')).status).toBe(409);
    },
  );
});

itOnDirectory('lists 10,000 packages, pages through them and finds the latest', () =>
  withServer({ max_packages: null }, async (server) => {
    const count = 10_000;
    for (let start = 0; start < count; start += 500) {
      const batch = Array.from({ length: 500 }, (_, index) => start + index);
      await Promise.all(
        batch.map((index) => writeFile(join(server.directory, `tool-1.0.${index}.zip`), `${index}`)),
      );
    }
    await until(async () => (await names(server)).length === count);
    const latest = await json<{ tag_name: string; assets: unknown[] }>(await get(server, '/latest'));
    expect(latest.tag_name).toBe('1.0.9999');
    expect(latest.assets).toHaveLength(count);
    const page = await get(server, '/packages?format=json&sort=name&per_page=100&page=100');
    expect(await json<Item[]>(page)).toHaveLength(100);
    expect(page.headers.get('link')).not.toContain('rel="next"');
  }),
);
