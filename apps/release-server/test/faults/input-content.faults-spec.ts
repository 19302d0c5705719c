import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import * as fc from 'fast-check';

import { get, json, names, post, put, sha256 } from '../support/client.js';
import { until } from '../support/until.js';
import { row } from './support/row.js';

const BROWSER = 'text/html,application/xhtml+xml,*/*;q=0.8';
const SCRIPT = '<script>document.title="run"</script>';

row(
  'B8',
  'pages and drawings with scripts, uploaded and fetched as a browser would',
  { rounds: { usual: 1, long: 20, of: 'rounds' } },
  async ({ server: start, rounds }) => {
    const server = await start();
    const files = [
      'page.html',
      'PAGE.HTM',
      'drawing.svg',
      'page.xhtml',
      'feed.xml',
      'code.js',
      'noextension',
    ];
    for (let round = 0; round < rounds; round++) {
      for (const name of files) {
        for (const publish of [put, post])
          expect((await publish(server, name, SCRIPT, { query: '?overwrite=true' })).ok).toBe(true);
        const path = `/assets/${name}`;
        const whole = await get(server, path, { Accept: BROWSER });
        expect(await whole.text()).toBe(SCRIPT);
        const part = await get(server, path, { Accept: BROWSER, Range: 'bytes=0-7' });
        expect(await part.text()).toBe('<script>');
        const head = await fetch(`${server.url}${path}?download=0`, { method: 'HEAD' });
        for (const { status, headers } of [whole, part, head]) {
          expect([200, 206]).toContain(status);
          expect(Object.fromEntries(headers)).toMatchObject({
            'content-type': 'application/octet-stream',
            'content-disposition': `attachment; filename="${name}"`,
            'x-content-type-options': 'nosniff',
            'content-security-policy': "sandbox; default-src 'none'",
          });
        }
        const unchanged = await get(server, path, { 'If-None-Match': whole.headers.get('etag') ?? '' });
        expect(unchanged.status).toBe(304);
        expect(unchanged.headers.get('content-type')).toBeNull();
      }
    }
  },
);

row(
  'B9',
  'files put into the directory whose names are markup',
  { rounds: { usual: 1, long: 20, of: 'rounds' } },
  async ({ server: start, rounds, directory }) => {
    const server = await start();
    await put(server, 'a.zip', 'x');
    const hostile = [
      '<img src=x onerror=alert(1)>',
      '"><script>alert(1)<\u2215script>.zip',
      "'onmouseover='alert(1)",
      'javascript:alert(1)',
      '&lt;b&gt;',
      'line\nbreak.zip',
      '\u202egpj.zip',
    ];
    for (const name of hostile) await writeFile(join(directory, name), 'hostile');
    await writeFile(join(directory, 'b.zip'), 'x');
    await until(async () => (await names(server)).includes('b.zip'));
    for (let round = 0; round < rounds; round++) {
      expect((await names(server)).toSorted()).toEqual(['a.zip', 'b.zip']);
      const { assets } = await json<{ assets: { name: string }[] }>(await get(server, '/latest'));
      expect(assets.map(({ name }) => name).toSorted()).toEqual(['a.zip', 'b.zip']);
      for (const name of hostile) {
        const encoded = encodeURIComponent(name);
        expect((await get(server, `/assets/${encoded}`)).status).toBe(404);
        for (const path of [
          `/packages?q=${encoded}`,
          `/packages?sort=${encoded}`,
          `/assets/${encoded}`,
          `/nothing/${encoded}`,
          `/nothing?x=${encoded}`,
        ]) {
          const page = await get(server, path, { Accept: BROWSER });
          expect(page.headers.get('content-type')).toMatch(/^text\/html/);
          expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
          expect(await page.text()).not.toMatch(/<img src=x|<script>|<b>|href="javascript:/);
        }
      }
      // An address comes as it was typed as well, not only encoded.
      const typed = await fetch(`${server.url}/nothing/'"%3Cb%3E`, { headers: { Accept: BROWSER } });
      expect(await typed.text()).not.toContain('<b>');
    }
    for (const name of hostile) expect(await readFile(join(directory, name), 'utf8')).toBe('hostile');
  },
);

row(
  'B10',
  'ranges at the edge and beyond it, many of them, and for another version',
  { rounds: { usual: 100, long: 10_000, of: 'random ranges' } },
  async ({ server: start, rounds }) => {
    const server = await start();
    // One that is kept in memory, and one that is read from its file.
    const packages = [100, 300_000].map((size) => ({
      name: `of-${size}.bin`,
      bytes: Buffer.from(Array.from({ length: size }, (_, index) => (index * 7 + (index >> 8)) & 255)),
    }));
    for (const { name, bytes } of packages) {
      await put(server, name, bytes);
      const tag = `"sha256:${sha256(bytes)}"`;
      const size = bytes.length;
      const expectPart = async (range: string, first: number, last: number, headers = {}): Promise<void> => {
        const response = await get(server, `/assets/${name}`, { Range: range, ...headers });
        expect(`${range}: ${response.status}`).toBe(`${range}: 206`);
        expect(response.headers.get('content-range')).toBe(`bytes ${first}-${last}/${size}`);
        expect(response.headers.get('content-length')).toBe(String(last - first + 1));
        expect(response.headers.get('etag')).toBe(tag);
        const body = Buffer.from(await response.arrayBuffer());
        expect(body.equals(bytes.subarray(first, last + 1))).toBe(true);
      };
      const expectWhole = async (range: string, headers = {}): Promise<void> => {
        const response = await get(server, `/assets/${name}`, { Range: range, ...headers });
        const body = Buffer.from(await response.arrayBuffer());
        expect(`${range} ${JSON.stringify(headers)}: ${response.status}, ${body.length} bytes`).toBe(
          `${range} ${JSON.stringify(headers)}: 200, ${size} bytes`,
        );
        expect(body.equals(bytes)).toBe(true);
      };
      const expectRefused = async (range: string): Promise<void> => {
        const response = await get(server, `/assets/${name}`, { Range: range });
        expect(`${range}: ${response.status}`).toBe(`${range}: 416`);
        expect(response.headers.get('content-range')).toBe(`bytes */${size}`);
        await response.text();
      };
      await expectPart('bytes=0-0', 0, 0);
      await expectPart('bytes=-5', size - 5, size - 1);
      await expectPart(`bytes=${size - 1}-`, size - 1, size - 1);
      await expectPart('bytes=0-', 0, size - 1);
      await expectPart('bytes=5-99999999999999999999', 5, size - 1);
      await expectPart('bytes=-99999999999999999999', 0, size - 1);
      await expectPart('bytes=0-0', 0, 0, { 'If-Range': tag });
      for (const range of ['bytes=5-2', 'bytes=-0', `bytes=${size}-`, 'bytes=99999999999999999999-'])
        await expectRefused(range);
      const many = Array.from({ length: 1000 }, (_, index) => `${index % size}-${index % size}`).join(',');
      for (const range of [`bytes=${many}`, 'bytes=0-0,2-2', 'bytes=', 'bytes=a-b', 'bytes=-', 'lines=0-0'])
        await expectWhole(range);
      const stale = sha256('another');
      const before = new Date(Date.now() - 86_400_000).toUTCString();
      for (const ifRange of [`"sha256:${stale}"`, `W/${tag}`, before, 'nonsense', '*'])
        await expectWhole('bytes=1-2', { 'If-Range': ifRange });
      const bound = fc.integer({ min: 0, max: size + 10 });
      const oracle = async (first: number, last: number): Promise<void> => {
        const range = `bytes=${first}-${last}`;
        if (first > last || first >= size) await expectRefused(range);
        else await expectPart(range, first, Math.min(last, size - 1));
      };
      await fc.assert(fc.asyncProperty(bound, bound, oracle), { numRuns: Math.ceil(rounds / 2) });
    }
  },
);
