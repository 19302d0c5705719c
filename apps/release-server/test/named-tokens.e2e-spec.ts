import { createHash } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { get, json, put, sha256 } from './support/client.js';
import { makeDirectory, runToExit } from './support/process.js';
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
      /** By token, when it left the file. */
      const left = new Map<string, number>();
      let isOver = false;
      const rotation = (async () => {
        for (let round = 1; round <= ROUNDS; round++) {
          await delay(150);
          await write('always', `round-${round}`);
          left.set(`round-${round - 1}`, performance.now());
        }
        await delay(TAKEN_BACK_MS);
        isOver = true;
      })();
      const statuses: number[] = [];
      const late: string[] = [];
      const upload = async (index: number): Promise<void> => {
        const { status } = await put(server, `tool-${index}.zip`, 'x', { headers: bearer('always') });
        statuses.push(status);
      };
      const tryOld = async (): Promise<void> => {
        for (const [name, at] of left) {
          const began = performance.now();
          const { status } = await put(server, `old-${name}`, 'x', {
            headers: bearer(name),
            query: '?overwrite=true',
          });
          if (status < 300 && began - at > TAKEN_BACK_MS) late.push(name);
        }
      };
      let index = 0;
      while (!isOver || index < UPLOADS) {
        await Promise.all([upload(index++), upload(index++), upload(index++), upload(index++), tryOld()]);
        if (index > UPLOADS) await delay(50);
      }
      await rotation;
      expect(new Set(statuses)).toEqual(new Set([201]));
      expect(statuses.length).toBeGreaterThanOrEqual(UPLOADS);
      expect(late).toEqual([]);
      expect((await put(server, 'last.zip', 'x', { headers: bearer(`round-${ROUNDS}`) })).status).toBe(201);
    });
    await directory.remove();
  });
});
