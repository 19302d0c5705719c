import { PackageStore, StorageError } from '#storage';

import { get, put, sha256 } from './support/client.js';
import { startServer, type TestServer } from './support/server.js';

const TAG = `"sha256:${sha256('content')}"`;
const ASSET = '/assets/a-1.0.0.zip';

describe('a store that is answered for while it cannot be reached', () => {
  let server: TestServer;
  let store: PackageStore;

  beforeEach(async () => {
    server = await startServer();
    await put(server, 'a-1.0.0.zip', 'content');
    store = server.app.get(PackageStore);
    store.age = () => 12_900;
  });

  afterEach(() => server.stop());

  it.each<[string, string, Record<string, string>, number]>([
    ['GET', ASSET, {}, 200],
    ['HEAD', ASSET, {}, 200],
    ['GET', ASSET, { Range: 'bytes=0-1' }, 206],
    ['GET', ASSET, { 'If-None-Match': TAG }, 304],
    ['GET', '/latest', {}, 200],
    ['HEAD', '/latest', {}, 200],
    ['GET', '/packages', {}, 200],
    ['GET', '/packages?format=json', {}, 200],
    ['GET', '/packages?format=json', { 'If-None-Match': '*' }, 304],
  ])('says its age: %s %s %j', async (method, path, headers, status) => {
    const response = await fetch(`${server.url}${path}`, { method, headers });
    await response.arrayBuffer();
    expect([response.status, response.headers.get('Age')]).toEqual([status, '12']);
  });

  it.each([0, 999])('says nothing of an age of %i ms', async (age) => {
    store.age = () => age;
    for (const path of [ASSET, '/latest', '/packages'])
      expect((await get(server, path)).headers.get('Age')).toBeNull();
  });

  // Mutant: what was set for the answer that failed goes out with the error.
  it('fails as an error does where the bytes cannot be had', async () => {
    const open = store.open.bind(store);
    store.peekContent = () => undefined;
    store.open = async (name) => {
      const opened = await open(name);
      // eslint-disable-next-line require-yield
      const read = async function* (): AsyncGenerator<Uint8Array> {
        throw new StorageError('storage_unavailable', 'The object store did not give the bytes.');
      };
      return { package: opened.package, close: () => opened.close(), read };
    };
    for (const headers of [{}, { Range: 'bytes=0-1' }] as const) {
      const response = await get(server, ASSET, { ...headers });
      expect(response.status).toBe(503);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-type': 'application/problem+json',
        'cache-control': 'no-store',
        'retry-after': '1',
      });
      for (const name of [
        'Age',
        'ETag',
        'Last-Modified',
        'Content-Disposition',
        'Content-Range',
        'Repr-Digest',
      ])
        expect([name, response.headers.get(name)]).toEqual([name, null]);
      await response.arrayBuffer();
    }
  });
});
