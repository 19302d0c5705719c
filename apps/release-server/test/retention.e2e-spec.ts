import { readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { runCommand } from './support/command.js';
import { contentOf, get, json, names, post, put, sha256 } from './support/client.js';
import { makeDirectory } from './support/process.js';
import { AUTH, startServer, withServer, type TestServer } from './support/server.js';
import { itOnDirectory, leftIn, storageEnvironment } from './support/storage.js';
import { until } from './support/until.js';

describe('retention with a limit of 5', () => {
  let server: TestServer;

  beforeEach(async () => {
    server = await startServer({ max_packages: 5 });
  });

  afterEach(async () => {
    await server.stop();
  });

  const fill = async (): Promise<void> => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await put(server, name, name);
  };

  it('removes the oldest when a sixth comes', async () => {
    await fill();
    expect((await put(server, 'f', 'f')).status).toBe(201);
    expect(await names(server)).toEqual(['f', 'e', 'd', 'c', 'b']);
  });

  it.each([
    ['PUT', put],
    ['POST', post],
  ])('answers a %s with what left for it', async (_, publish) => {
    const leftFor = async (response: Promise<Response>) =>
      (await json<{ evicted: unknown }>(await response)).evicted;
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      expect(await leftFor(publish(server, name, name))).toEqual([]);
    expect(await leftFor(publish(server, 'f', 'f'))).toEqual([
      { name: 'a', release: null, size: 1, digest: `sha256:${sha256('a')}` },
    ]);
    expect(await leftFor(publish(server, 'f', 'other', { query: '?overwrite=true' }))).toEqual([]);
    expect(await leftFor(publish(server, 'g', 'g'))).toMatchObject([{ name: 'b' }]);
  });

  itOnDirectory('goes by modification time, also of files touched by hand', async () => {
    await fill();
    const now = new Date(Date.now() + 1000);
    await utimes(join(server.directory, 'a'), now, now);
    await put(server, 'f', 'f');
    expect((await names(server)).toSorted()).toEqual(['a', 'c', 'd', 'e', 'f']);
  });

  it('evicts nothing for an upload that is refused or broken, or that overwrites', async () => {
    await fill();
    const all = await names(server);
    expect((await put(server, 'a', 'x')).status).toBe(409);
    expect((await post(server, 'b', 'x')).status).toBe(409);
    expect((await put(server, 'f', '')).status).toBe(400);
    expect((await put(server, 'f', 'x', { headers: { 'X-Checksum-Sha256': '0'.repeat(64) } })).status).toBe(
      400,
    );
    expect((await put(server, 'f', 'x', { headers: { 'If-Match': '*' } })).status).toBe(412);
    expect((await put(server, '.f', 'x')).status).toBe(400);
    expect(await names(server)).toEqual(all);
    expect((await put(server, 'a', 'x', { query: '?overwrite=true' })).status).toBe(200);
    expect((await names(server)).toSorted()).toEqual(all.toSorted());
  });

  it('leaves exactly the five newest of 50 parallel uploads', async () => {
    // Caught: evicting outside of the publish's step, so that parallel uploads see each other's room.
    const responses = await Promise.all(
      Array.from({ length: 50 }, (_, index) => (index % 2 ? put : post)(server, `p${index}`, `${index}`)),
    );
    expect(responses.every(({ ok }) => ok)).toBe(true);
    const created = await Promise.all(
      responses.map((response) => response.json() as Promise<{ name: string; created_at: string }>),
    );
    const newest = created.toSorted((a, b) => (a.created_at < b.created_at ? 1 : -1)).slice(0, 5);
    expect(await names(server)).toEqual(newest.map(({ name }) => name));
    expect(await server.staged()).toEqual([]);
  });
});

const RULES = {
  evict: 'packages',
  keep_releases: null,
  keep_prereleases: null,
  max_age: null,
  protect: [],
  protect_latest: false,
} as const;

/** Publishes into the folder of a release. */
async function putIn(server: TestServer, tag: string, file: string): Promise<Response> {
  const path = `/releases/${encodeURIComponent(tag)}/assets/${file}`;
  return fetch(`${server.url}${path}`, { method: 'PUT', body: file, headers: AUTH });
}

async function send(server: TestServer, method: string, path: string, body: unknown): Promise<Response> {
  return fetch(`${server.url}${path}`, { method, headers: AUTH, body: JSON.stringify(body) });
}

async function evictedBy(response: Promise<Response>): Promise<[string, string | null][]> {
  const { evicted } = await json<{ evicted: { name: string; release: string | null }[] }>(await response);
  return evicted.map(({ name, release }) => [name, release]);
}

describe('retention that knows releases', () => {
  it('lets whole releases leave with the first package of another, and what is said of them', () =>
    withServer({ retention: { ...RULES, keep_releases: 2 } }, async (server) => {
      await send(server, 'POST', '/releases', { tag: 'v1.0.0', title: 'First', notes: 'Notes' });
      await putIn(server, 'v1.0.0', 'tool');
      await putIn(server, 'v1.0.0', 'latest.yml');
      await put(server, 'tool-v1.1.0.zip', 'x');
      await put(server, 'tool-v1.1.0.zip.sha256', 'x');
      expect(await evictedBy(putIn(server, 'v1.2.0', 'tool'))).toEqual([
        ['tool', 'v1.0.0'],
        ['latest.yml', 'v1.0.0'],
      ]);
      expect((await get(server, '/releases/tag/v1.0.0')).status).toBe(404);
      expect(await evictedBy(putIn(server, 'v1.2.0', 'latest.yml'))).toEqual([]);
      expect(await evictedBy(put(server, 'tool-v1.3.0.zip', 'x'))).toEqual([
        ['tool-v1.1.0.zip', 'v1.1.0'],
        ['tool-v1.1.0.zip.sha256', 'v1.1.0'],
      ]);
      // The folder is free for another release of that tag.
      expect((await send(server, 'POST', '/releases', { tag: 'v1.0.0' })).status).toBe(201);
      expect(await (await get(server, '/releases/tag/v1.0.0')).text()).not.toContain('First');
      expect(await leftIn(server.directory)).toEqual([]);
    }));

  it('lets a release leave for a draft that is published, in that step', () =>
    withServer({ max_packages: 3, retention: { ...RULES, evict: 'releases' } }, async (server) => {
      await putIn(server, 'v1.0.0', 'tool');
      await putIn(server, 'v1.0.0', 'tool.sha256');
      await send(server, 'POST', '/releases', { tag: 'v2.0.0', draft: true });
      for (const file of ['tool', 'tool.sha256']) {
        expect(await evictedBy(putIn(server, 'v2.0.0', file))).toEqual([]);
      }
      expect(await names(server)).toEqual(['tool.sha256', 'tool']);
      expect((await send(server, 'PATCH', '/releases/v2.0.0', { draft: false })).status).toBe(200);
      expect((await get(server, '/releases/download/v1.0.0/tool')).status).toBe(404);
      expect(await (await get(server, '/releases/download/v2.0.0/tool')).text()).toBe('tool');
      expect(await names(server)).toEqual(['tool.sha256', 'tool']);
    }));

  it('keeps what is protected by name, by tag and as the latest', () =>
    withServer(
      { max_packages: 4, retention: { ...RULES, protect: ['lib-*', 'v1.0.0'], protect_latest: true } },
      async (server) => {
        await putIn(server, 'v1.0.0', 'tool');
        await put(server, 'tool-v3.0.0.zip', 'x');
        for (const name of ['lib-1.zip', 'a', 'b', 'c']) await put(server, name, name);
        expect(await names(server)).toEqual(['c', 'lib-1.zip', 'tool-v3.0.0.zip', 'tool']);
        // A higher one takes the place of the latest.
        expect(await evictedBy(put(server, 'tool-v4.0.0.zip', 'x'))).toEqual([['tool-v3.0.0.zip', 'v3.0.0']]);
      },
    ));

  it.each([
    ['PUT', put],
    ['POST', post],
  ])('refuses a %s for which nothing may leave, and stores nothing', (_, publish) =>
    withServer({ max_packages: 2, retention: { ...RULES, protect: ['keep-*'] } }, async (server) => {
      for (const name of ['keep-a', 'keep-b']) await put(server, name, name);
      const refused = await publish(server, 'c', 'c');
      expect(refused.status).toBe(507);
      expect(await json(refused)).toMatchObject({
        code: 'retention_limit_reached',
        detail: expect.stringMatching(
          /max_packages is 2.* protected by keep-\*\. Raise max_packages/,
        ) as string,
      });
      expect(await names(server)).toEqual(['keep-b', 'keep-a']);
      expect(await contentOf(server, 'c')).toBe('404');
      expect(await leftIn(server.directory)).toEqual([]);
      // An overwrite needs no room.
      expect((await publish(server, 'keep-a', 'new', { query: '?overwrite=true' })).ok).toBe(true);
    }),
  );

  it('refuses a draft for which nothing may leave, and leaves it a draft', () =>
    withServer({ max_packages: 2, retention: { ...RULES, protect_latest: true } }, async (server) => {
      await putIn(server, 'v2.0.0', 'tool');
      await send(server, 'POST', '/releases', { tag: 'v1.0.0', draft: true });
      for (const file of ['a', 'b']) await putIn(server, 'v1.0.0', file);
      const refused = await send(server, 'PATCH', '/releases/v1.0.0', { draft: false });
      expect(refused.status).toBe(507);
      expect((await json(refused))['detail']).toContain('protect_latest');
      expect(await names(server)).toEqual(['tool']);
      expect((await get(server, '/releases/download/v1.0.0/a')).status).toBe(404);
      const drafts = await json<{ id: number; draft: boolean }[]>(
        await get(server, '/repos/o/r/releases', AUTH),
      );
      const { id } = drafts.find(({ draft }) => draft) ?? {};
      expect((await send(server, 'PATCH', `/repos/o/r/releases/${id}`, { draft: false })).status).toBe(507);
      const higher = await send(server, 'PATCH', '/releases/v1.0.0', { draft: false, tag: 'v2.1.0' });
      expect(higher.status).toBe(200);
      expect(await names(server)).toEqual(['b', 'a']);
    }));

  it('applies at a start, and is no reason not to start where it cannot be kept to', async () => {
    const first = await startServer();
    for (const name of ['a-v1.0.0', 'b-v1.0.0', 'a-v2.0.0', 'keep']) await put(first, name, name);
    await first.app.close();
    const retention = { ...RULES, protect: ['keep', 'a-*'], evict: 'packages' };
    const second = await startServer({ storage_path: first.directory, max_packages: 1, retention });
    expect(await names(second)).toEqual(['keep', 'a-v2.0.0', 'a-v1.0.0']);
    await second.stop();
  });
});

describe('what would leave', () => {
  const planOf = async (server: TestServer) =>
    json<Record<string, unknown>[]>(await get(server, '/retention', AUTH));

  it('is told with reasons to who has a token, and stays', () =>
    withServer({ retention: { ...RULES, max_age: '365d', protect: ['keep-*'] } }, async (server) => {
      await put(server, 'tool-v1.0.0.zip', 'x');
      await put(server, 'keep-a', 'x');
      const answer = await get(server, '/retention', AUTH);
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
      const [kept, tool] = await json<{ created_at: string }[]>(answer);
      const leavesAt = new Date(Date.parse(tool?.created_at ?? '') + 365 * 86_400_000).toISOString();
      const common = { size: 1, leaves: false, created_at: expect.any(String) as string };
      expect(kept).toEqual({
        ...common,
        name: 'keep-a',
        release: null,
        reason: 'protected by keep-*',
        leaves_at: null,
      });
      const reason = 'within the limits';
      expect(tool).toEqual({
        ...common,
        name: 'tool-v1.0.0.zip',
        release: 'v1.0.0',
        reason,
        leaves_at: leavesAt,
      });
      expect(await names(server)).toEqual(['keep-a', 'tool-v1.0.0.zip']);
    }));

  it('is told of a store without packages, and to nobody without a token', () =>
    withServer({}, async (server) => {
      expect(await planOf(server)).toEqual([]);
      expect((await get(server, '/retention')).status).toBe(401);
      expect((await get(server, '/retention', { Authorization: 'Bearer wrong' })).status).toBe(401);
      expect((await fetch(`${server.url}/retention`, { method: 'POST', headers: AUTH })).status).toBe(405);
    }));

  it('is told of more packages than are told of at once', () =>
    withServer({ max_packages: null }, async (server) => {
      await Promise.all(Array.from({ length: 300 }, (_, at) => put(server, `p${at}`, 'x')));
      expect((await planOf(server)).map(({ name }) => name)).toEqual(await names(server));
    }));

  it('is shown by the command before a server is started with another configuration', async () => {
    const directory = await makeDirectory();
    const server = await startServer({ storage_path: directory.path });
    try {
      await putIn(server, 'v1.0.0', 'tool');
      await put(server, 'tool-v2.0.0.zip', 'x');
      const environment = { ...storageEnvironment(directory.path), RETENTION_KEEP_RELEASES: '1' };
      const { code, stdout, stderr } = await runCommand('retention', ['--dry-run'], environment);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(/^leaves +tool +v1\.0\.0 .* not of the newest 1 releases \(keep_releases\)$/m);
      expect(stdout).toMatch(/^stays +tool-v2\.0\.0\.zip +v2\.0\.0 .* within the limits$/m);
      expect(stdout).toContain('1 package would leave');
      expect(await names(server)).toEqual(['tool-v2.0.0.zip', 'tool']);
      const refused = await runCommand('retention', [], environment);
      expect(refused).toEqual({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining('--dry-run') as string,
      });
    } finally {
      await server.stop();
      await directory.remove();
    }
  });
});

describe('by age, while a server runs', () => {
  const HOUR = 60 * 60 * 1000;

  itOnDirectory('what becomes too old leaves, and what is said of its release', async () => {
    const first = await startServer();
    await put(first, 'new', 'x');
    await putIn(first, 'v1.0.0', 'tool');
    await send(first, 'PATCH', '/releases/v1.0.0', { notes: 'Old' });
    await first.app.close();
    // As if it had come an hour ago but for some seconds.
    const old = new Date(Date.now() - HOUR + 5000);
    await utimes(join(first.directory, 'v1.0.0', 'tool'), old, old);
    const record = join(first.directory, 'v1.0.0', '.release.json');
    const { publishedAt: _, ...said } = JSON.parse(await readFile(record, 'utf8')) as Record<string, unknown>;
    await writeFile(record, JSON.stringify(said));
    const second = await startServer({
      storage_path: first.directory,
      retention: { ...RULES, max_age: '1h' },
    });
    try {
      await until(async () => (await names(second)).join() === 'new');
      expect((await get(second, '/releases/tag/v1.0.0')).status).toBe(404);
    } finally {
      await second.stop();
    }
  });
});
