import { get, json } from './support/client.js';
import { AUTH, startServer, withServer, type TestServer } from './support/server.js';
import { itOnDirectory } from './support/storage.js';

describe('GET /token', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer();
  });

  afterAll(() => server.stop());

  it('says whose token it is, and is kept by nobody', async () => {
    const answer = await get(server, '/token', AUTH);
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(await json(answer)).toEqual({
      name: 'auth_token',
      kind: 'shared_secret',
      scopes: ['read', 'publish', 'overwrite', 'delete', 'admin'],
    });
  });

  it.each([
    ['no token', {}],
    ['a wrong token', { Authorization: 'Bearer wrong' }],
    ['another scheme', { Authorization: AUTH.Authorization.replace('Bearer', 'Basic') }],
  ])('refuses %s', async (_, headers) => {
    const answer = await get(server, '/token', headers);
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([401, 'no-store']);
    expect(await json(answer)).toMatchObject({ code: 'unauthorized' });
  });

  it('takes no writes', async () => {
    const answer = await fetch(`${server.url}/token`, { method: 'PUT', headers: AUTH });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });
});

// A bucket without an index has to be made by a server that writes.
itOnDirectory('a read-only server has no valid token', async () => {
  await withServer({ read_only: true }, async (server) => {
    expect(await json(await get(server, '/token', AUTH))).toMatchObject({ status: 403, code: 'read_only' });
  });
});
