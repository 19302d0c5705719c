import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { prepareCatalog } from '#releases';
import { PackageReader } from '#storage';

import { get, put } from './support/client.js';
import { AUTH, startServer, withServer, type TestServer } from './support/server.js';
import { itOnDirectory } from './support/storage.js';
import { until } from './support/until.js';

describe('pages of releases', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer();
    for (let minor = 0; minor < 12; minor++) await put(server, `tool-v1.${minor}.0.zip`, 'x');
  });

  afterAll(async () => {
    await server.stop();
  });

  const page = async (path: string): Promise<string> =>
    (await get(server, path, { Accept: 'text/html' })).text();

  it('list them in pages of ten, the last published first', async () => {
    const titles = (html: string): string[] =>
      [...html.matchAll(/<a href="\.\/releases\/tag\/([^"]+)">/g)].map(([, tag]) => tag ?? '');
    const [first, second] = [await page('/releases'), await page('/releases?page=2')];
    expect(titles(first)).toEqual(Array.from({ length: 10 }, (_, at) => `v1.${11 - at}.0`));
    expect(titles(second)).toEqual(['v1.1.0', 'v1.0.0']);
    expect(await page('/releases?page=99')).toContain('There are only 2 pages.');
    expect((await get(server, '/releases?page=x')).status).toBe(200);
  });

  // Mutant: all releases are looked at for each request.
  it('look at no release again for whoever asks for the same', async () => {
    const { recent } = await prepareCatalog(
      await server.app.get(PackageReader, { strict: false }).snapshot(),
    );
    const release = Object.getPrototypeOf(recent[0]) as { readonly hasTag: boolean };
    await page('/releases');
    const looks = import.meta.jest.spyOn(release, 'hasTag', 'get');
    const counts: number[] = [];
    // A new minute has the page made anew.
    for (let times = 0; times < 3; times++) {
      await page('/releases');
      counts.push(looks.mock.calls.length);
      looks.mockClear();
    }
    looks.mockRestore();
    expect(Math.min(...counts)).toBe(0);
  });

  it('show one with its packages, by its tag in any spelling, and nothing else', async () => {
    for (const tag of ['v1.3.0', '1.3', 'v1.3.0/']) {
      expect(await page(`/releases/tag/${tag}`)).toContain('tool-v1.3.0.zip</a>');
    }
    const known = (await get(server, '/releases/tag/v1.3.0')).headers.get('etag') ?? '';
    expect((await get(server, '/releases/tag/1.3', { 'If-None-Match': known })).status).toBe(304);
    for (const tag of ['v9.9.9', 'nothing', '..%2f..', '%00']) {
      expect([tag, (await get(server, `/releases/tag/${tag}`)).status]).toEqual([tag, 404]);
    }
  });

  itOnDirectory('show notes as text, packages in folders with their addresses, and no draft', async () => {
    const folder = async (name: string, record: object): Promise<void> => {
      await mkdir(join(server.directory, name));
      await writeFile(join(server.directory, name, 'latest.yml'), 'x');
      await writeFile(join(server.directory, name, '.release.json'), JSON.stringify(record));
    };
    const times = { createdAt: 1, updatedAt: 1 };
    const notes = '# News\n\n<script>alert(1)</script>';
    await folder('cli%2Fv2.0.0', { tag: 'cli/v2.0.0', title: 'Two', notes, isDraft: false, ...times });
    await folder('v3.0.0', { tag: 'v3.0.0', title: 'Secret', isDraft: true, ...times });
    await until(async () => (await page('/releases/tag/cli%2Fv2.0.0')).includes('latest.yml'));
    const html = await page('/releases/tag/cli%2Fv2.0.0');
    expect(html).toContain('<h1>Two</h1>');
    expect(html).toContain('<h3>News</h3>\n<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>');
    expect(html).toContain(`href="${server.url}/releases/download/cli%2Fv2.0.0/latest.yml">latest.yml</a>`);
    expect(await (await get(server, '/packages?format=json&q=cli+latest')).json()).toMatchObject([
      { name: 'latest.yml', release: 'cli/v2.0.0' },
    ]);
    expect((await get(server, '/releases/tag/v3.0.0')).status).toBe(404);
    for (const path of ['/releases', '/packages', '/packages?format=json', '/latest']) {
      expect(await page(path)).not.toMatch(/Secret|v3\.0\.0/);
    }
  });
});

describe('pages of releases with a token', () => {
  const page = (server: TestServer, path: string, headers: Record<string, string> = AUTH) =>
    get(server, path, { Accept: 'text/html', ...headers });
  const save = async (server: TestServer, release: object): Promise<void> => {
    const init = { method: 'POST', body: JSON.stringify(release) };
    const headers = { ...AUTH, 'Content-Type': 'application/json' };
    expect((await fetch(`${server.url}/releases`, { ...init, headers })).status).toBe(201);
  };
  const buttons = (html: string): string[] =>
    [...html.matchAll(/<button[^>]*>([^<]+)</g)].map(([, words = '']) => words);

  it('have drafts first, and what changes them; nobody keeps such an answer', async () => {
    await withServer({}, async (server) => {
      await put(server, 'tool-v1.0.0.zip', 'x');
      await save(server, { tag: 'v2.0.0', title: 'Two <b>', notes: 'New', draft: true });
      const list = await page(server, '/releases');
      expect(list.headers.get('cache-control')).toBe('no-store');
      expect(list.headers.get('vary')).toBe('Authorization');
      const html = await list.text();
      expect([...html.matchAll(/<a href="\.\/releases\/tag\/([^"]+)">/g)].map(([, tag]) => tag)).toEqual([
        'v2.0.0',
        'v1.0.0',
      ]);
      expect(buttons(html)).toContain('Draft a release');
      expect(await (await page(server, '/releases?page=2')).text()).not.toContain('v2.0.0');
      const draft = await (await page(server, '/releases/tag/v2.0.0')).text();
      expect(draft).toContain('<h1>Two &lt;b></h1>');
      expect(buttons(draft)).toEqual(
        expect.arrayContaining(['Publish release', 'Add files', 'Edit', 'Delete draft']),
      );
      const one = await (await page(server, '/releases/tag/v1.0.0')).text();
      expect(buttons(one)).toEqual(expect.arrayContaining(['Add files', 'Edit', 'Delete release', 'Delete']));
    });
  });

  const expectPublic = async (server: TestServer, headers: Record<string, string>): Promise<void> => {
    const list = await page(server, '/releases', headers);
    expect([list.status, list.headers.get('cache-control')]).toEqual([200, 'no-cache']);
    expect(list.headers.get('vary')).toBe('Authorization, Accept-Encoding');
    expect(await list.text()).not.toMatch(/v2\.0\.0|Draft a release/);
    expect((await page(server, '/releases/tag/v2.0.0', headers)).status).toBe(404);
  };

  it('are those of the public where the token is not valid', async () => {
    await withServer({}, async (server) => {
      await save(server, { tag: 'v2.0.0', draft: true });
      await expectPublic(server, { Authorization: 'Bearer wrong' });
      await expectPublic(server, {});
    });
  });

  // A bucket without an index is none yet to a server that may not write.
  itOnDirectory('are those of the public on a read-only server', async () => {
    await withServer({ read_only: true }, async (server) => {
      await expectPublic(server, AUTH);
      expect(await (await page(server, '/releases')).text()).not.toContain('Manage releases');
    });
  });

  it('offer no deleting of what is public where that is not allowed, but of drafts', async () => {
    await withServer({ allow_delete: false }, async (server) => {
      await put(server, 'tool-v1.0.0.zip', 'x');
      await save(server, { tag: 'v2.0.0', draft: true });
      expect(buttons(await (await page(server, '/releases/tag/v1.0.0')).text()).join()).not.toContain(
        'Delete',
      );
      expect(buttons(await (await page(server, '/releases/tag/v2.0.0')).text())).toContain('Delete draft');
    });
  });

  it('offer no adding to what was published as a release where that stays as it is', async () => {
    await withServer({ immutable: true }, async (server) => {
      await put(server, 'tool-v1.0.0.zip', 'x');
      await save(server, { tag: 'v2.0.0' });
      await save(server, { tag: 'v3.0.0', draft: true });
      const offered: boolean[] = [];
      for (const tag of ['v1.0.0', 'v2.0.0', 'v3.0.0']) {
        offered.push(
          buttons(await (await page(server, `/releases/tag/${tag}`)).text()).includes('Add files'),
        );
      }
      expect(offered).toEqual([true, false, true]);
    });
  });
});
