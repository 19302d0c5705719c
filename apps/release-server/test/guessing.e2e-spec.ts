import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { json, put } from './support/client.js';
import { killServers, makeDirectory, spawnServer, type LogLine } from './support/process.js';
import { withServer } from './support/server.js';
import { until } from './support/until.js';

/** Wrong tokens of one address that are answered with 401. */
const BUDGET = 60;
const GUARDED = [
  ['PUT', '/assets/a.zip'],
  ['POST', '/upload'],
  ['DELETE', '/assets/a.zip'],
  ['GET', '/token'],
] as const;

type At = { readonly url: string };

/** One request that needs a token, with these headers. */
function write({ url }: At, index: number, headers: Record<string, string>): Promise<Response> {
  const [method, path] = GUARDED[index % GUARDED.length] ?? GUARDED[0];
  return fetch(`${url}${path}`, {
    method,
    headers,
    body: method === 'PUT' || method === 'POST' ? 'x' : null,
  });
}

/** The statuses of writes with wrong tokens. */
function guess(server: At, times: number, headers: Record<string, string> = {}): Promise<number[]> {
  return Promise.all(
    Array.from({ length: times }, async (_, index) => {
      const response = await write(server, index, { Authorization: `Bearer wrong-${index}`, ...headers });
      await response.arrayBuffer();
      return response.status;
    }),
  );
}

const times = (status: number, count: number): number[] => Array.from({ length: count }, () => status);

describe('tokens that are tried out', () => {
  it('are refused with 429 after a number of them, and a valid token is taken as ever', async () => {
    await withServer({}, async (server) => {
      expect(await guess(server, BUDGET)).toEqual(times(401, BUDGET));
      expect(await guess(server, 6)).toEqual(times(429, 6));

      const refused = await write(server, 0, { Authorization: 'Bearer wrong' });
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0);
      expect(Number(refused.headers.get('Retry-After'))).toBeLessThanOrEqual(60);
      expect(await json(refused)).toMatchObject({ code: 'too_many_attempts', status: 429 });
      expect((await put(server, 'a.zip', 'content')).status).toBe(201);
      expect(
        (await fetch(`${server.url}/latest`, { headers: { Authorization: 'Bearer wrong' } })).status,
      ).toBe(200);
    });
  });

  it('do not hold up a valid token, however many answers wait', async () => {
    await withServer({}, async (server) => {
      await guess(server, BUDGET);
      let waiting = 120;
      const slow = guess(server, waiting).finally(() => (waiting = 0));
      expect((await put(server, 'a.zip', 'content')).status).toBe(201);
      expect(waiting).toBe(120);
      expect(await slow).toEqual(times(429, 120));
    });
  });

  it('do not count where no token is sent, or one by another scheme', async () => {
    await withServer({}, async (server) => {
      for (const headers of [{}, { Authorization: 'Basic eDp5' }, { Authorization: '' }]) {
        for (let index = 0; index < BUDGET; index++) {
          expect((await write(server, index, headers as Record<string, string>)).status).toBe(401);
        }
      }
      expect(await guess(server, 1)).toEqual([401]);
    });
  });

  it('are those of one client, whatever addresses it claims', async () => {
    await withServer({}, async (server) => {
      for (let index = 0; index < BUDGET; index++) {
        const claimed = { 'X-Forwarded-For': `192.0.2.${index}`, Forwarded: `for=198.51.100.${index}` };
        expect(await guess(server, 1, claimed)).toEqual([401]);
      }
      expect(await guess(server, 1, { 'X-Forwarded-For': '203.0.113.1' })).toEqual([429]);
    });
  });

  it('are counted by the address that a trusted proxy says', async () => {
    await withServer({ trust_proxy: 'loopback' }, async (server) => {
      expect(await guess(server, BUDGET, { 'X-Forwarded-For': '192.0.2.1' })).toEqual(times(401, BUDGET));
      expect(await guess(server, 1, { 'X-Forwarded-For': '192.0.2.1:4711' })).toEqual([429]);
      expect(await guess(server, 1, { 'X-Forwarded-For': '192.0.2.2' })).toEqual([401]);
      expect(await guess(server, 1, { Forwarded: 'for="192.0.2.1:4711"' })).toEqual([429]);
      expect(await guess(server, 1, { Forwarded: 'for=192.0.2.1, for=192.0.2.3' })).toEqual([401]);
    });
  });
});

describe('the log of tokens that are tried out', () => {
  let directory: Awaited<ReturnType<typeof makeDirectory>>;

  beforeEach(async () => {
    directory = await makeDirectory();
  });

  afterEach(async () => {
    await killServers();
    await directory.remove();
  });

  const parsed = (lines: string[]): LogLine[] => lines.map((line) => JSON.parse(line) as LogLine);

  it('says from where and by what they come, a line each and one more for each doubling', async () => {
    const server = await spawnServer(directory.path);
    const agent = `guesser\t${'x'.repeat(5000)}`;
    await guess(server, 140, { 'User-Agent': agent });
    await server.stop();

    const lines = parsed(server.lines());
    const refused = lines.filter(({ event }) => event === 'write.refused' || event === 'access.refused');
    const attempts = lines.filter(({ event }) => event === 'token.attempts');
    expect(refused.length).toBe(140);
    expect(refused.filter(({ code }) => code === 'unauthorized').length).toBe(BUDGET);
    expect(refused[0]).toMatchObject({ reason: 'The token is not valid.' });
    expect(attempts).toMatchObject([
      { level: 'WARN', module: 'audit', attempts: 64, code: 'too_many_attempts' },
      { level: 'WARN', module: 'audit', attempts: 128, code: 'too_many_attempts' },
    ]);
    for (const line of [...refused, ...attempts]) {
      expect(line['remote_address']).toBe('127.0.0.1');
      expect(line['user_agent']).toBe(`guesser\\u{9}${'x'.repeat(192)}…`);
    }
    expect(server.lines().join('\n')).not.toContain('wrong-');
  });

  it('warns at each start of a token that can be guessed, and of one in a file whenever that changes', async () => {
    const warned = (lines: string[]): string[] =>
      parsed(lines).flatMap((line) => (line['module'] === 'auth' ? [`${line.level} ${line.message}`] : []));
    const short = await spawnServer(directory.path, { AUTH_TOKEN: 'fifteen-letters' });
    await short.stop();
    expect(warned(short.lines())).toEqual([
      'WARN auth_token has fewer than 16 characters and can be guessed: make another one with "openssl rand -hex 32"',
    ]);
    expect(short.lines().join('\n')).not.toContain('fifteen-letters');

    const file = join(directory.path, '.token');
    await writeFile(file, 'a-token-of-some-length');
    const server = await spawnServer(directory.path, { AUTH_TOKEN: '', AUTH_TOKEN_FILE: file });
    expect(warned(server.lines())).toEqual([]);
    await writeFile(file, 'short');
    expect((await put(server, 'a.zip', 'x', { headers: { Authorization: 'Bearer short' } })).status).toBe(
      201,
    );
    await until(() => warned(server.lines()).length > 0);
    expect(warned(server.lines())).toEqual([expect.stringContaining('has fewer than 16 characters')]);
    await rm(file);
    await server.stop();
  });

  it('warns of the published token where others reach the server', async () => {
    const environment = { AUTH_TOKEN: 'local-development-token' };
    const local = await spawnServer(directory.path, environment);
    await local.stop();
    const open = await spawnServer(directory.path, { ...environment, HOST: '0.0.0.0' });
    await open.stop();

    expect(local.lines().join('\n')).not.toContain('is published');
    expect(open.lines().join('\n')).toContain('auth_token is published and known to everybody');
  });
});
