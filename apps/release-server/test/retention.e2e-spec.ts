import { utimes } from 'node:fs/promises';
import { join } from 'node:path';

import { json, names, post, put, sha256 } from './support/client.js';
import { startServer, type TestServer } from './support/server.js';
import { itOnDirectory } from './support/storage.js';

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
    const evictedBy = async (response: Promise<Response>) =>
      (await json<{ evicted: unknown }>(await response)).evicted;
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      expect(await evictedBy(publish(server, name, name))).toEqual([]);
    expect(await evictedBy(publish(server, 'f', 'f'))).toEqual([
      { name: 'a', release: null, size: 1, digest: `sha256:${sha256('a')}` },
    ]);
    expect(await evictedBy(publish(server, 'f', 'other', { query: '?overwrite=true' }))).toEqual([]);
    expect(await evictedBy(publish(server, 'g', 'g'))).toMatchObject([{ name: 'b' }]);
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
