import { gunzipSync } from 'node:zlib';

import { Agent, request } from 'undici';

import { get, json, put, sha256 } from './support/client.js';
import { startServer, type TestServer } from './support/server.js';
import { templateZip } from './support/zip.js';

interface Release {
  tag_name: string;
  prerelease: boolean;
  published_at: string | null;
  assets: { id: number; name: string; size: number; digest: string | null; browser_download_url: string }[];
}

describe('GET /latest', () => {
  let server: TestServer;

  beforeEach(async () => {
    server = await startServer();
  });

  afterEach(async () => {
    await server.stop();
  });

  const latest = async (): Promise<Release> => json<Release>(await get(server, '/latest'));

  it('is a release without assets for an empty store', async () => {
    expect(await latest()).toMatchObject({
      tag_name: 'latest',
      assets: [],
      draft: false,
      published_at: null,
    });
  });

  it('tells of each asset what GitHub tells', async () => {
    await put(server, 'spec-kit-template-claude-sh-v1.2.3.zip', 'zip');
    const url = `${server.url}/assets/spec-kit-template-claude-sh-v1.2.3.zip`;
    expect(await latest()).toMatchObject({
      tag_name: 'v1.2.3',
      name: 'v1.2.3',
      draft: false,
      prerelease: false,
      author: { login: 'release-server', type: 'Bot' },
      assets: [
        {
          id: expect.any(Number),
          name: 'spec-kit-template-claude-sh-v1.2.3.zip',
          label: null,
          state: 'uploaded',
          content_type: 'application/zip',
          size: 3,
          digest: `sha256:${sha256('zip')}`,
          download_count: 0,
          created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
          updated_at: expect.any(String),
          url,
          browser_download_url: url,
        },
      ],
    });
  });

  it('keeps the ids of assets when they are overwritten', async () => {
    await put(server, 'a.zip', 'one');
    const before = (await latest()).assets[0]?.id;
    await put(server, 'a.zip', 'two', { query: '?overwrite=true' });
    expect((await latest()).assets[0]?.id).toBe(before);
  });

  it('puts stable versions first, then pre-releases, then names without a version, whatever was published last', async () => {
    for (const name of [
      'tool-v1.10.0.zip',
      'tool-v2.0.0-rc.1.zip',
      'notes.txt',
      'tool-v1.9.0.zip',
      'tool-v2.0.0-beta.2.zip',
      'other-v1.10.0.zip',
    ]) {
      await put(server, name, name);
    }
    const { assets, tag_name: tag, prerelease } = await latest();
    expect(assets.map(({ name }) => name)).toEqual([
      'other-v1.10.0.zip',
      'tool-v1.10.0.zip',
      'tool-v1.9.0.zip',
      'tool-v2.0.0-rc.1.zip',
      'tool-v2.0.0-beta.2.zip',
      'notes.txt',
    ]);
    expect([tag, prerelease]).toEqual(['v1.10.0', false]);
  });

  it('gives specify the newest version of the template that it asks for', async () => {
    // The newer release first, the older one published last, and neighbours whose names contain each other.
    const zips = new Map<string, Buffer<ArrayBuffer>>();
    for (const version of ['v2.17.1', 'v2.18.0-rc.1', 'v2.17.0']) {
      for (const agent of ['qwen', 'q', 'claude']) {
        for (const script of ['sh', 'ps']) {
          const name = `spec-kit-template-${agent}-${script}-${version}.zip`;
          zips.set(name, await templateZip(agent, version));
          expect((await put(server, name, zips.get(name) ?? Buffer.alloc(0))).status).toBe(201);
        }
      }
    }
    for (const Authorization of [undefined, 'Bearer ghp_of_github']) {
      for (const [agent, script] of [
        ['claude', 'sh'],
        ['q', 'ps'],
        ['qwen', 'sh'],
      ]) {
        const chosen = await specifyInit(`${server.url}/latest`, `${agent}`, `${script}`, Authorization);
        expect(chosen.name).toBe(`spec-kit-template-${agent}-${script}-v2.17.1.zip`);
        expect(chosen.bytes.equals(zips.get(chosen.name) ?? Buffer.alloc(0))).toBe(true);
      }
    }
  });
});

/** The two requests of `specify init --template-url`, its headers and its choice, on one connection. */
async function specifyInit(
  templateUrl: string,
  agent: string,
  script: string,
  authorization: string | undefined,
): Promise<{ name: string; bytes: Buffer }> {
  const dispatcher = new Agent({ connections: 1, pipelining: 1 });
  const headers = {
    accept: '*/*',
    'accept-encoding': 'gzip, deflate',
    'user-agent': 'python-httpx/0.28.1',
    ...(authorization === undefined ? {} : { authorization }),
  };
  const release = await request(templateUrl, { dispatcher, headers });
  expect(release.statusCode).toBe(200);
  // httpx reads what it asked for.
  expect(release.headers['content-encoding']).toBe('gzip');
  const content = gunzipSync(Buffer.from(await release.body.arrayBuffer())).toString();
  const { assets, tag_name: tag } = JSON.parse(content) as Release;
  expect(typeof tag).toBe('string');
  const pattern = `spec-kit-template-${agent}-${script}`;
  const asset = assets.find(({ name }) => name.includes(pattern) && name.endsWith('.zip'));
  if (asset === undefined) throw new Error(`no template for ${pattern}`);
  const download = await request(asset.browser_download_url, { dispatcher, headers });
  expect(download.statusCode).toBe(200);
  const bytes = Buffer.from(await download.body.arrayBuffer());
  expect(bytes.length).toBe(asset.size);
  await dispatcher.close();
  return { name: asset.name, bytes };
}
