import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { get, json, names, put } from './support/client.js';
import { freePort, runNginx } from './faults/support/nginx.js';
import { program } from './faults/support/tools.js';
import { examplesIn, expectOutput, runExamples } from './support/guide.js';
import { Markdown } from './support/markdown.js';
import { startServer, TOKEN, type TestServer } from './support/server.js';
import { itOnDirectory } from './support/storage.js';

describe.each([
  ['an empty server', []],
  ['a server that has been seeded', ['spec-kit-template-claude-sh-v2.17.1.zip', 'README.txt']],
])('docs/http.md on %s', (_, stored) => {
  const examples = examplesIn('docs/http.md');
  let server: TestServer;
  let directory: string;
  let outputs: string[];

  beforeAll(async () => {
    server = await startServer();
    for (const name of stored) await put(server, name, `bytes of ${name}`);
    directory = await mkdtemp(join(tmpdir(), 'guide-'));
    outputs = await runExamples(examples, directory, { SERVER: server.url, TOKEN });
  });

  afterAll(async () => {
    await server.stop();
    await rm(directory, { recursive: true });
  });

  it.each(examples.map(({ line, output }, at) => ({ line, output, at })))(
    'prints for the example in line $line what it shows',
    ({ output, at }) => expectOutput(outputs[at] ?? '', output, server.url),
  );
});

describe('README.md', () => {
  it('has lines to publish, fetch, list and delete that work as they stand', async () => {
    const server = await startServer();
    const directory = await mkdtemp(join(tmpdir(), 'guide-'));
    try {
      const outputs = await runExamples(examplesIn('README.md'), directory, { SERVER: server.url, TOKEN });
      expect(outputs.join('')).not.toMatch(/failed with|urn:release-server:problem/);
      expect(await names(server)).toEqual(['hello-v1.2.4.txt']);
      expect(await readFile(join(directory, 'hello-v1.2.4.txt'), 'utf8')).toBe('Hello\n');
    } finally {
      await server.stop();
      await rm(directory, { recursive: true });
    }
  });
});

describe('docs/storage.md', () => {
  const examples = examplesIn('docs/storage.md');

  itOnDirectory('saves and restores all packages of a directory with their times', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'guide-'));
    const [DATA, RESTORED] = [join(directory, 'data'), join(directory, 'restored')];
    const serve = (path: string) => startServer({ storage_path: path, public_url: 'http://x.example' });
    try {
      const server = await serve(DATA);
      for (const name of ['a.zip', 'b.zip', 'c.zip']) await put(server, name, `bytes of ${name}`);
      const before = await whenHashed(server);
      const outputs = await runExamples(examples, directory, { DATA, RESTORED });
      await server.stop();
      expect(outputs).toEqual(examples.map(() => ''));

      const another = await serve(RESTORED);
      const after = await whenHashed(another);
      await another.stop();
      expect(after).toEqual(before);
      expect(after).toHaveLength(3);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

/** The list of packages, when the server has hashed what it found. */
async function whenHashed(server: TestServer): Promise<{ sha256: string | null }[]> {
  for (;;) {
    const packages = await json<{ sha256: string | null }[]>(await get(server, '/packages?format=json'));
    if (packages.every(({ sha256 }) => sha256 !== null)) return packages;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const noNginx = program('nginx', 'nginx-light')();

describe(`docs/proxy.md${noNginx === undefined ? '' : `, which ${noNginx}`}`, () => {
  const [example] = new Markdown('docs/proxy.md').blocks.filter(({ info }) => info === 'nginx');

  (noNginx === undefined ? it : it.skip)('has an nginx configuration that serves below a path', async () => {
    const server = await startServer({ trust_proxy: 'loopback' });
    const port = await freePort();
    const configuration = (example?.text ?? '')
      .replace('listen 443 ssl;', `listen 127.0.0.1:${port};`)
      .replaceAll(/^ *ssl_certificate.*$/gm, '')
      .replace('http://127.0.0.1:8000/', `${server.url}/`);
    const url = `http://127.0.0.1:${port}/releases`;
    const stop = await runNginx(configuration, `${url}/readyz`);
    try {
      const large = Buffer.alloc(3_000_000, 'x');
      expect((await put({ url }, 'a+b.zip', large)).status).toBe(201);
      expect(await json(await get({ url }, '/latest'))).toMatchObject({
        url: `${url}/latest`,
        assets: [{ browser_download_url: `${url}/assets/a%2Bb.zip` }],
      });
      const download = await get({ url }, '/assets/a%2Bb.zip', { Range: 'bytes=1-' });
      expect([download.status, (await download.arrayBuffer()).byteLength]).toEqual([206, 2_999_999]);
      expect((await fetch(`${url}/assets/a.zip`, { method: 'DELETE' })).status).toBe(401);
    } finally {
      await stop();
      await server.stop();
    }
  });
});
