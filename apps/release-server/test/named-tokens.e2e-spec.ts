import { createHash } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { get, json, put, sha256 } from './support/client.js';
import {
  killServers,
  makeDirectory,
  runToExit,
  spawnServer,
  type LogLine,
  type ServerProcess,
} from './support/process.js';
import { AUTH, startServer, withServer, type TestServer } from './support/server.js';

const hashOf = (token: string): string => `sha256:${createHash('sha256').update(token).digest('hex')}`;
const bearer = (token: string): { Authorization: string } => ({ Authorization: `Bearer ${token}` });

describe('a server with named tokens', () => {
  let server: TestServer;

  beforeAll(async () => {
    const entry = (name: string, more = {}) => ({ name, hash: hashOf(name), scopes: ['publish'], ...more });
    server = await startServer({
      tokens: [
        entry('ci', { packages: ['tool-*'], releases: ['v1.*'] }),
        entry('old', { expires_at: '2020-01-01' }),
        entry('late', { expires_at: '2999-01-01' }),
      ],
    });
  });

  afterAll(() => server.stop());

  it('lets each do what it may, and the shared secret everything', async () => {
    expect((await put(server, 'tool-v1.0.zip', 'x', { headers: bearer('ci') })).status).toBe(201);
    for (const name of ['tool-v2.0.zip', 'tool.zip', 'db-v1.0.zip']) {
      const refused = await put(server, name, 'x', { headers: bearer('ci') });
      expect([name, refused.status, (await json(refused))['code']]).toEqual([
        name,
        403,
        'insufficient_scope',
      ]);
    }
    expect((await put(server, 'tool-v1.0.zip', 'y', { query: '?overwrite=true' })).status).toBe(200);
    expect((await put(server, 'late.zip', 'x', { headers: bearer('late') })).status).toBe(201);
  });

  it('takes the place of nothing in a release without the scope for it', async () => {
    const send = async (path: string, token: string, body = 'other', method = 'PUT'): Promise<unknown> => {
      const init = { method, headers: token === '' ? AUTH : bearer(token), body };
      const answer = await fetch(server.url + path, init);
      return answer.ok ? answer.status : [answer.status, (await json(answer))['code']];
    };
    const folder = '/releases/v3.0/assets/app-v3.0.zip';
    const taken = [409, 'package_exists'];
    const lacking = [403, 'insufficient_scope'];
    // Mutant: another package of the same file name in the same release is what is downloaded by it.
    expect(await send('/assets/app-v3.0.zip', '', 'original')).toBe(201);
    expect(await send(folder, 'late')).toEqual(taken);
    expect(await send('/releases/3.0.0/assets/app-v3.0.zip', 'late')).toEqual(taken);
    expect(await send(`${folder}?overwrite=true`, 'late')).toEqual(lacking);
    expect(await send('/releases/v4.0/assets/app-4.0.0.zip', '', 'original')).toBe(201);
    expect(await send('/assets/app-4.0.0.zip', 'late')).toEqual(taken);
    expect(await send('/assets/app-4.0.0.zip?overwrite=true', 'late')).toEqual(lacking);
    // Packages without a version are those of the tag "latest".
    expect(await send('/releases/latest/assets/app.zip', '', 'original')).toBe(201);
    expect(await send('/assets/app.zip', 'late')).toEqual(taken);
    // The same file name in another release takes the place of nothing.
    expect(await send('/releases/v4.1/assets/app-v3.0.zip', 'late')).toBe(201);

    // A draft that was there before does it when it is published.
    expect(await send('/releases', 'late', '{"tag":"v5.0","draft":true}', 'POST')).toBe(201);
    expect(await send('/releases/v5.0/assets/app-v5.0.zip', 'late')).toBe(201);
    expect(await send('/assets/app-v5.0.zip', '', 'original')).toBe(201);
    expect(await send('/releases/v5.0', 'late', '{"draft":false}', 'PATCH')).toEqual(lacking);

    for (const file of ['v3.0/app-v3.0.zip', 'v4.0/app-4.0.0.zip', 'latest/app.zip', 'v5.0/app-v5.0.zip']) {
      expect(await (await get(server, `/releases/download/${file}`)).text()).toBe('original');
    }
    expect(await send(`${folder}?overwrite=true`, '')).toBe(201);
    expect(await send('/releases/v5.0', '', '{"draft":false}', 'PATCH')).toBe(200);
  });

  it('tells whose a token is, and what it may do', async () => {
    expect(await json(await get(server, '/token', bearer('ci')))).toEqual({
      name: 'ci',
      kind: 'token',
      scopes: ['publish'],
      packages: ['tool-*'],
      releases: ['v1.*'],
    });
  });

  it('says of an expired token that it has expired, and takes its hash for no token', async () => {
    const expired = await put(server, 'tool-v1.1.zip', 'x', { headers: bearer('old') });
    expect(await json(expired)).toMatchObject({
      status: 401,
      code: 'unauthorized',
      detail: 'The token old expired at 2020-01-01T00:00:00.000Z.',
    });
    expect(expired.headers.get('www-authenticate')).toBe('Bearer realm="release-server"');
    for (const token of [sha256('ci'), hashOf('ci')]) {
      expect((await get(server, '/token', bearer(token))).status).toBe(401);
    }
  });

  it('reads for somebody whose token has expired as for nobody', async () => {
    for (const path of ['/releases', '/repos/acme/tools']) {
      expect((await get(server, path, bearer('old'))).status).toBe(200);
    }
  });
});

it('takes the place of nothing in a release where nothing may be overwritten', async () => {
  await withServer({ allow_overwrite: false }, async (kept) => {
    const send = async (method: string, path: string, body: string): Promise<unknown> => {
      const answer = await fetch(kept.url + path, { method, headers: AUTH, body });
      return answer.ok ? answer.status : (await json(answer))['code'];
    };
    await send('POST', '/releases', '{"tag":"v5.0","draft":true}');
    await send('PUT', '/releases/v5.0/assets/app-v5.0.zip', 'other');
    await send('PUT', '/assets/app-v5.0.zip', 'original');
    await send('PUT', '/assets/app-v6.0.zip', 'original');
    expect(await send('PATCH', '/releases/v5.0', '{"draft":false}')).toBe('overwrite_disabled');
    const folder = '/releases/v6.0/assets/app-v6.0.zip';
    expect(await send('PUT', folder, 'other')).toBe('package_exists');
    expect(await send('PUT', `${folder}?overwrite=true`, 'other')).toBe('overwrite_disabled');
    for (const file of ['v5.0/app-v5.0.zip', 'v6.0/app-v6.0.zip']) {
      expect(await (await get(kept, `/releases/download/${file}`)).text()).toBe('original');
    }
  });
});

describe('the log of named tokens', () => {
  let directory: Awaited<ReturnType<typeof makeDirectory>>;

  beforeEach(async () => {
    directory = await makeDirectory();
  });

  afterEach(async () => {
    await killServers();
    await directory.remove();
  });

  async function start(
    entry: Record<string, unknown>,
    environment: Record<string, string> = {},
  ): Promise<ServerProcess> {
    const file = join(directory.path, 'tokens.yaml');
    await writeFile(file, JSON.stringify({ tokens: [{ scopes: ['publish'], ...entry }] }));
    return spawnServer(directory.path, { TOKENS_FILE: file, ...environment });
  }
  const audited = async (server: ServerProcess): Promise<LogLine[]> =>
    (await server.logged())
      .map((line) => JSON.parse(line) as LogLine)
      .filter(({ module }) => module === 'audit');

  it('says of an expired token whose it is, which is limited from wherever it comes', async () => {
    const entry = { name: 'old', hash: hashOf('old-token'), expires_at: '2020-01-01' };
    const server = await start(entry, { TRUST_PROXY: 'true' });
    const tryFrom = (address: string): Promise<Response> =>
      get(server, '/token', { ...bearer('old-token'), 'X-Forwarded-For': address });
    for (let index = 0; index < 60; index++) expect((await tryFrom(`192.0.2.${index}`)).status).toBe(401);
    const refused = await tryFrom('198.51.100.1');
    expect(await json(refused)).toMatchObject({
      status: 429,
      detail: 'The token old is not valid any more, and was tried too often.',
    });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const headers = { 'X-Forwarded-For': '192.0.2.1' };
    expect((await put(server, 'a.zip', 'x', { headers })).status).toBe(201);

    const refusals = (await audited(server)).filter(({ event }) => event === 'access.refused');
    expect(refusals.length).toBe(61);
    expect(refusals[0]).toMatchObject({
      actor: 'old',
      code: 'unauthorized',
      reason: 'The token old expired at 2020-01-01T00:00:00.000Z.',
      method: 'GET',
      path: '/token',
      remote_address: '192.0.2.0',
    });
    expect(refusals.at(-1)).toMatchObject({
      actor: 'old',
      code: 'too_many_attempts',
      remote_address: '198.51.100.1',
    });
    const log = server.lines().join();
    for (const secret of ['old-token', hashOf('old-token'), sha256('old-token')]) {
      expect(log).not.toContain(secret);
    }
  });

  it('says who did what, and what somebody wanted that their token may not', async () => {
    const server = await start({ name: 'ci', hash: hashOf('ci-token') });
    const headers = { ...bearer('ci-token'), 'X-Request-Id': 'id-1', 'User-Agent': 'curl' };
    await put(server, 'tool-v1.0.zip', 'x', { headers });
    await put(server, 'tool-v1.0.zip', 'y', { headers, query: '?overwrite=true' });
    await get(server, '/retention', headers);

    const by = {
      actor: 'ci',
      actor_kind: 'token',
      request_id: 'id-1',
      remote_address: '127.0.0.1',
      user_agent: 'curl',
    };
    const lacking = { code: 'insufficient_scope', ...by };
    expect(await audited(server)).toMatchObject([
      { event: 'package.published', name: 'tool-v1.0.zip', ...by },
      {
        event: 'write.refused',
        scope: 'overwrite',
        name: 'tool-v1.0.zip',
        release: 'v1.0',
        reason: 'This token does not have the scope overwrite for tool-v1.0.zip in the release v1.0.',
        method: 'PUT',
        ...lacking,
      },
      { event: 'access.refused', scope: 'admin', method: 'GET', path: '/retention', ...lacking },
    ]);
  });
});

it('a server needs no shared secret where it has named tokens', async () => {
  const tokens = [{ name: 'ci', hash: hashOf('ci'), scopes: ['publish'] }];
  await withServer({ tokens, auth_token: undefined }, async (server) => {
    expect((await put(server, 'a.zip', 'x', { headers: bearer('ci') })).status).toBe(201);
    expect((await put(server, 'b.zip', 'x', { headers: AUTH })).status).toBe(401);
  });
});

it.each<[string, string, RegExp]>([
  ['without any', 'tokens: []', /give auth_token, auth_token_file, tokens, tokens_file or identities/],
  ['with a file that is not there', 'tokens_file: /none', /config\.yaml:1: tokens_file: .*\/none.*ENOENT/],
  ['with a token itself', 'tokens: [{ name: a, token: s3cret }]', /tokens\[0\]\.token: a token never stands/],
])('a server does not start %s', async (_, yaml, message) => {
  const { code, output } = await runToExit(yaml);
  expect(code).toBe(78);
  expect(output).toMatch(message);
  expect(output).not.toContain('s3cret');
});

describe('tokens that are exchanged while packages come', () => {
  const UPLOADS = 200;
  const ROUNDS = 10;
  /** Milliseconds after which a token is let in no longer that has left the file. */
  const TAKEN_BACK_MS = 1000;

  it('are never refused while they are valid, and never accepted for more than a second after', async () => {
    const directory = await makeDirectory();
    const file = join(directory.path, 'tokens.yaml');
    const write = async (...names: string[]): Promise<void> => {
      const entries = names.map((name) => ({ name, hash: hashOf(name), scopes: ['publish', 'overwrite'] }));
      await writeFile(`${file}.new`, JSON.stringify({ tokens: entries }));
      await rename(`${file}.new`, file);
    };
    await write('always', 'round-0');
    await withServer({ tokens_file: file, max_packages: null }, async (server) => {
      const tryAfter = async (name: string): Promise<number> => {
        await delay(TAKEN_BACK_MS);
        return (await put(server, `${name}.zip`, 'x', { headers: bearer(name) })).status;
      };
      const rotation = (async () => {
        const removed: Promise<number>[] = [];
        for (let round = 1; round <= ROUNDS; round++) {
          await delay(150);
          await write('always', `round-${round}`);
          removed.push(tryAfter(`round-${round - 1}`));
        }
        return Promise.all(removed);
      })();
      const statuses: number[] = [];
      for (let index = 0; index < UPLOADS; index += 4) {
        const four = [0, 1, 2, 3].map((at) =>
          put(server, `tool-${index + at}.zip`, 'x', { headers: bearer('always') }),
        );
        statuses.push(...(await Promise.all(four)).map(({ status }) => status));
        await delay(20);
      }
      expect(statuses).toEqual(statuses.map(() => 201));
      expect(await rotation).toEqual(Array.from({ length: ROUNDS }, () => 401));
      const last = await put(server, 'last.zip', 'x', { headers: bearer(`round-${ROUNDS}`) });
      expect(last.status).toBe(201);
    });
    await directory.remove();
  }, 120_000);
});
