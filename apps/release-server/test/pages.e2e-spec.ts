import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

import { get, json, put } from './support/client.js';
import { startServer, withServer, type TestServer } from './support/server.js';
import { itOnDirectory } from './support/storage.js';

/** What a browser asks with. */
const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8';
const PACKAGES = 120;
const run = promisify(execFile);

/** Asks as a browser, and leaves a compression as it is. */
async function ask(server: TestServer, path: string, headers: Record<string, string> = {}) {
  const sent = request(`${server.url}${path}`, { agent: false, headers: { Accept: BROWSER, ...headers } });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await buffer(response) };
}

function namesIn(html: string): string[] {
  return [...html.matchAll(/<a class="name"[^>]*>([^<]*)<\/a>/g)].map(([, name]) => name ?? '');
}

describe('pages', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer();
    for (let index = 0; index < PACKAGES; index++) {
      await put(server, `tool-${index % 7}-${index}-v1.${index % 5}.0.zip`, 'x'.repeat(index + 1));
    }
  });

  afterAll(async () => {
    await server.stop();
  });

  it.each([
    ['gzip, deflate, br', 'br'],
    ['gzip', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['identity', undefined],
    ['', undefined],
    ['zstd', undefined],
  ])('come to a client that accepts %p as %s, and are the same bytes', async (accepted, coding) => {
    const plain = await (
      await get(server, '/packages', { Accept: BROWSER, 'Accept-Encoding': 'identity' })
    ).text();
    const answer = await ask(server, '/packages', { 'Accept-Encoding': accepted });
    expect(answer.headers['content-encoding']).toBe(coding);
    expect(answer.headers['vary']).toBe('Accept, Accept-Encoding');
    const body = { br: brotliDecompressSync, gzip: gunzipSync, none: (bytes: Buffer) => bytes }[
      coding ?? 'none'
    ]!(answer.body);
    expect(body.toString()).toBe(plain);
  });

  it.each([
    { times: 100, type: 'application/json', coding: 'gzip' },
    { times: 500, type: 'text/html', coding: undefined },
  ])(
    'take a list of $times preferences for none where it is longer than any client means',
    async ({ times, type, coding }) => {
      const lists = { Accept: 'application/json,'.repeat(times), 'Accept-Encoding': 'gzip,'.repeat(times) };
      const { headers } = await ask(server, '/packages', lists);
      expect(headers['content-type']).toContain(type);
      expect(headers['content-encoding']).toBe(coding);
    },
  );

  it('have a tag of their own for each compression, and are not sent again to who has that', async () => {
    const tags = new Map<string, string>();
    for (const coding of ['br', 'gzip', 'identity']) {
      const { headers } = await ask(server, '/packages', { 'Accept-Encoding': coding });
      tags.set(coding, headers['etag'] ?? '');
    }
    expect(new Set(tags.values()).size).toBe(3);
    for (const [coding, tag] of tags) {
      const again = await ask(server, '/packages', { 'Accept-Encoding': coding, 'If-None-Match': tag });
      expect([again.status, again.headers['etag'], again.body.length]).toEqual([304, tag, 0]);
    }
    const other = await ask(server, '/packages', {
      'Accept-Encoding': 'gzip',
      'If-None-Match': tags.get('br') ?? '',
    });
    expect(other.status).toBe(200);
  });

  it.each(['/packages?format=json', '/packages?format=json&q=zip&sort=name', '/latest'])(
    'come with JSON that is compressed for who asks, with tags of its own: %s',
    async (path) => {
      const plain = await ask(server, path, {});
      expect(plain.headers['content-encoding']).toBeUndefined();
      expect(plain.headers['vary']).toMatch(/Accept-Encoding$/);
      const tags = new Set([plain.headers['etag']]);
      for (const [coding, decode] of Object.entries({ br: brotliDecompressSync, gzip: gunzipSync })) {
        const { headers, body } = await ask(server, path, { 'Accept-Encoding': coding });
        expect(headers['content-encoding']).toBe(coding);
        expect(headers['content-length']).toBe(String(body.length));
        expect(decode(body).equals(plain.body)).toBe(true);
        tags.add(headers['etag']);
        // Who has it as it is has it as well.
        for (const tag of [headers['etag'], plain.headers['etag']]) {
          const known = { 'Accept-Encoding': coding, 'If-None-Match': tag ?? '' };
          const again = await ask(server, path, known);
          expect([again.status, again.headers['etag'], again.body.length]).toEqual([304, tag, 0]);
        }
      }
      expect(tags.size).toBe(3);
    },
  );

  it('leave packages as they are', async () => {
    const [{ name } = { name: '' }] = await json<{ name: string }[]>(
      await get(server, '/packages?format=json'),
    );
    const path = `/assets/${encodeURIComponent(name)}`;
    const { headers } = await ask(server, path, { 'Accept-Encoding': 'br, gzip' });
    expect(headers['content-encoding']).toBeUndefined();
  });

  it('load files that may be kept for ever, since their names tell their content', async () => {
    const html = await (await get(server, '/packages')).text();
    const files = new Set(
      [...html.matchAll(/(?:src|href|data-digest-worker)="\.\/(static\/[^"]+)"/g)].map(([, file]) => file),
    );
    expect(files.size).toBe(4);
    for (const file of files) {
      const answer = await get(server, `/${file}`);
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([
        200,
        'public, max-age=31536000, immutable',
      ]);
    }
    expect((await get(server, '/static/page.js')).status).toBe(404);
    expect((await get(server, '/static/..%2fpackage.json')).status).toBe(404);
  });

  it('have a policy that lets nothing run but what this server sends as a file', async () => {
    for (const path of ['/packages', '/nope']) {
      const { headers, body } = await ask(server, path);
      expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self';/);
      expect(headers['content-security-policy']).not.toContain('unsafe');
      expect(body.toString()).not.toMatch(/ style=|<style|<script(?![^>]* src=)| on[a-z]+=/);
    }
  });

  it.each([
    '',
    '?q=zip+tool-1',
    '?sort=size',
    '?sort=name&order=desc&page=2',
    '?page=2',
    '?per_page=7&page=3',
  ])('show for %p the packages that JSON has', async (query) => {
    const separator = query === '' ? '?' : '&';
    const page = query.includes('page=') ? '' : '&page=1';
    const html = await ask(server, `/packages${query}`);
    const list = await json<{ name: string }[]>(
      await get(server, `/packages${query}${separator}format=json${page}`),
    );
    const shown = namesIn(html.body.toString());
    const listed = list.map(({ name }) => name);
    // By time they stand under their releases.
    if (query.includes('sort')) expect(shown).toEqual(listed);
    else expect(shown.toSorted()).toEqual(listed.toSorted());
    expect(listed.length).toBeLessThanOrEqual(100);
  });

  it('come in pages to browsers, and whole to programs that read an index', async () => {
    const count = async (accept: string): Promise<number> =>
      namesIn(await (await get(server, '/packages', { Accept: accept })).text()).length;
    expect(await count(BROWSER)).toBe(100);
    expect(await count('*/*')).toBe(PACKAGES);
    expect(
      await count(
        'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.1, text/html;q=0.01',
      ),
    ).toBe(PACKAGES);
  });

  it('group packages by release, the newest first, and tell of the release as a whole', async () => {
    const html = (await ask(server, '/packages?q=tool-3')).body.toString();
    const [first] = [...html.matchAll(/<section class="release"[^]*?<\/section>/g)].map(
      ([section]) => section,
    );
    const { name } = (
      await json<{ name: string }[]>(await get(server, '/packages?format=json&q=tool-3'))
    )[0]!;
    expect(first).toContain(`>${name}</a>`);
    expect(first).toMatch(/ 24 packages ·.* · \d of them here/);
    expect(html).toMatch(/<strong>120 packages<\/strong>/);
    expect(html).not.toContain('specify init');
  });

  it('start a project from the newest release that has a template, whatever else is newer', async () => {
    await withServer({}, async (other) => {
      await put(other, 'spec-kit-template-claude-sh-v1.1.0.zip', 'x');
      await put(other, 'tool-3-v3.0.0.zip', 'x');
      const html = (await ask(other, '/packages')).body.toString();
      expect(html).toContain('Latest release <span class="tag">v3.0.0</span>');
      expect(html).toContain('Start a project from the template of <span class="tag">v1.1.0</span>:');
      expect(html).toContain(`specify init my-project --ai claude --template-url '${other.url}/latest'`);
    });
  });
});

it.each(['a+b@1.0~rc1.zip', 'plain-v1.0.0.zip'])('the lines to copy download and verify %s', async (name) => {
  const directory = await mkdtemp(join(tmpdir(), 'lines-'));
  await withServer({}, async (server) => {
    await put(server, name, 'x');
    const html = await (await get(server, '/packages', { Accept: BROWSER })).text();
    const lines = [...html.matchAll(/<pre data-line="(?:curl|verify)">([^<]*)<\/pre>/g)].map(
      ([, line]) => line,
    );
    expect(lines).toHaveLength(2);
    const { stdout } = await run('sh', ['-ec', lines.join('\n')], { cwd: directory });
    expect(stdout).toBe(`${name}: OK\n`);
    expect(await readdir(directory)).toEqual([name]);
  });
  await rm(directory, { recursive: true });
});

it('say which packages leave next, and of which release', async () => {
  await withServer({ max_packages: 6 }, async (server) => {
    const page = async (): Promise<string> =>
      (await (await get(server, '/packages', { Accept: BROWSER })).text())
        .replace(/<[^>]*>/g, ' ')
        .replace(/\s+/g, ' ');
    for (const version of ['v1.0.0', 'v1.1.0']) {
      for (const tool of ['a', 'b', 'c']) {
        await put(server, `${tool}-${version}.zip`, 'x');
        // There is room for another release.
        if (version === 'v1.0.0') expect(await page()).not.toContain('next');
      }
    }
    const full = await page();
    expect(full).toContain('The next new package takes the place of a-v1.0.0.zip .');
    expect(full).toContain('Another release of 3 takes the place of 3 packages: all 3 of v1.0.0.');
    expect(full).toMatch(/v1\.0\.0 leaves next [^·]* · 3 packages left ·/);
    expect(full.match(/\.zip leaves next/g)).toHaveLength(3);

    await put(server, 'a-v1.2.0.zip', 'x');
    await put(server, 'b-v1.2.0.zip', 'x');
    const torn = await page();
    expect(torn).toContain('The next new package takes the place of c-v1.0.0.zip .');
    expect(torn).toContain(
      'Another release of 3 takes the place of 3 packages: the last of v1.0.0, 2 of the 3 of v1.1.0.',
    );
    expect(torn).toMatch(/v1\.0\.0 leaves next [^·]* · 1 package left ·/);
    expect(torn).toMatch(/v1\.1\.0 2 leave next [^·]* · 3 packages left ·/);
    const sorted = await (await get(server, '/packages?sort=name', { Accept: BROWSER })).text();
    expect(sorted.match(/>leaves next</g)).toHaveLength(3);
  });
});

it('a page of an empty store says how to publish', async () => {
  await withServer({}, async (server) => {
    const html = await (await get(server, '/packages', { Accept: BROWSER })).text();
    expect(html).toContain('No packages yet');
    expect(html).toContain(`-F file=@my-package-v1.0.0.zip '${server.url}/upload'`);
    expect(html).toContain('id="publish"');
  });
});

// A bucket without an index has to be made by a server that writes.
itOnDirectory('a page of a read-only server says nothing of publishing', async () => {
  await withServer({ read_only: true }, async (server) => {
    const html = await (await get(server, '/packages', { Accept: BROWSER })).text();
    expect(html).toContain('This server is read-only');
    expect(html).not.toMatch(/id="publish|\/upload|class="delete"/);
  });
});

it('show all spellings of a version as one release, under the tag that /latest has', async () => {
  await withServer({}, async (server) => {
    for (const name of ['tool-1.2.3.zip', 'tool-v1.2.3.zip', 'tool-v1.2.2.zip']) await put(server, name, 'x');
    const html = await (await get(server, '/packages', { Accept: BROWSER })).text();
    const headings = [...html.matchAll(/<h2 id="release-[^"]*"><a [^>]*>([^<]*)</g)].map(([, tag]) => tag);
    expect(headings).toEqual(['v1.2.2', 'v1.2.3']);
    expect(html).toMatch(
      /<h2 id="release-v1\.2\.3"><a [^>]*>v1\.2\.3<\/a><\/h2><span class="badge">latest<.* 2 packages/,
    );
    expect(await json(await get(server, '/latest'))).toMatchObject({ tag_name: 'v1.2.3' });
  });
});
