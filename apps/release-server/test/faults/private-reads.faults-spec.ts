import { json } from '../support/client.js';
import type { RawAnswer } from '../support/raw.js';
import { tokenEntry, writeTokens } from './support/named-tokens.js';
import { row } from './support/row.js';
import { ask, askAsWriter, fieldsOf } from './support/wire.js';

const READER = 'rs_reader';
const TEAM = 'rs_team';
const WRITER = 'rs_writer';
const bearer = (token: string): string => `Authorization: Bearer ${token}`;
const basic = (token: string): string =>
  `Authorization: Basic ${Buffer.from(`x:${token}`).toString('base64')}`;

/** What there is to read, each with what comes of it. */
const READS: readonly (readonly [path: string, status: number])[] = [
  ['/latest', 200],
  ['/packages', 200],
  ['/packages?format=json', 200],
  ['/assets/web-v1.0.0.zip', 200],
  ['/releases', 200],
  ['/releases.atom', 200],
  ['/releases/latest', 302],
  ['/releases/tag/v1.0.0', 200],
  ['/releases/download/v1.0.0/web-v1.0.0.zip', 200],
  ['/releases/download/v1.0.0/SHA256SUMS', 200],
  ['/repos/o/r/releases', 200],
  ['/o/r/releases', 200],
  ['/o/r/releases/download/v1.0.0/web-v1.0.0.zip', 200],
  ['/release-server/releases', 302],
  ['/release-server/releases/releases', 200],
];

/** Other ways to what is there, to what is not, and to nothing. */
const WAYS = [
  '/assets/web-v1.0.0.zip/',
  '/assets/%77eb-v1.0.0.zip',
  '//assets/web-v1.0.0.zip',
  '/assets//web-v1.0.0.zip',
  '/./assets/web-v1.0.0.zip',
  '/x/../assets/web-v1.0.0.zip',
  '/ASSETS/web-v1.0.0.zip',
  '/assets/web-v1.0.0.zip?x=/healthz',
  '/healthz/../assets/web-v1.0.0.zip',
  '/static/../assets/web-v1.0.0.zip',
  'http://x/assets/web-v1.0.0.zip',
  'http://x/latest',
  '/latest/',
  '/latest?signature=x',
  '/packages?signature=x&expires=9999999999',
  '/assets/none.zip',
  '/releases/tag/none',
  '/repos/o/r/releases/1',
  '/o/r',
  '/nothing',
];

row(
  'A10',
  'private reads without a token, with one that may not, by other ways and conditions, and by signed links that are changed',
  { rounds: { usual: 1, long: 20, of: 'rounds' } },
  async ({ server: start, rounds, directory }) => {
    const file = `${directory}/.tokens`;
    await writeTokens(file, [
      tokenEntry(READER, { scopes: ['read'] }),
      tokenEntry(TEAM, { scopes: ['read'], packages: ['web-*'] }),
      tokenEntry(WRITER, { scopes: ['publish', 'overwrite', 'delete'] }),
    ]);
    const server = await start({ READ_ACCESS: 'token', TOKENS_FILE: file, LOG_LEVEL: 'trace' });
    for (const name of ['web-v1.0.0.zip', 'db-v1.0.0.zip']) {
      const made = await askAsWriter(server, `PUT /assets/${name}`, { body: `content of ${name}` });
      expect(`${name}: ${made.status}`).toBe(`${name}: 201`);
    }
    const expectStatus = async (
      request: string,
      headers: readonly string[],
      status: number,
    ): Promise<RawAnswer> => {
      const answer = await ask(server, request, { headers });
      const what = `${request} with ${headers.join(', ')}`;
      expect(`${what}: ${answer.status}`).toBe(`${what}: ${status}`);
      return answer;
    };

    for (let round = 0; round < rounds; round++) {
      for (const [path, status] of READS) {
        for (const method of ['GET', 'HEAD']) {
          const found = fieldsOf(await expectStatus(`${method} ${path}`, [bearer(READER)], status));
          await expectStatus(`${method} ${path}`, [basic(READER)], status);
          const conditions = [
            [],
            [`If-None-Match: ${found['etag'] ?? '*'}`],
            ['If-None-Match: *', 'Range: bytes=0-1'],
          ];
          for (const condition of conditions) {
            await expectStatus(`${method} ${path}`, condition, 401);
            await expectStatus(`${method} ${path}`, [bearer('rs_wrong'), ...condition], 401);
            await expectStatus(`${method} ${path}`, [basic('rs_wrong'), ...condition], 401);
          }
          if (!path.endsWith('release-server/releases')) {
            await expectStatus(`${method} ${path}`, [bearer(WRITER)], 403);
          }
          const [kept, varies] = [found['cache-control'], found['vary']];
          expect(`${path} is kept: ${kept}`).toMatch(/: (?:private\b.*|no-store)$/);
          expect(`${path} varies: ${varies}`).toMatch(/\bAuthorization\b/);
        }
      }
      for (const path of WAYS) {
        for (const accept of ['Accept: */*', 'Accept: text/html']) {
          const refused = await expectStatus(`GET ${path}`, [accept], 401);
          expect(refused.body).not.toContain('content of');
        }
      }
      await narrowed();
      await links();
    }

    async function narrowed(): Promise<void> {
      for (const path of ['/latest', '/packages?format=json', '/packages', '/repos/o/r/releases']) {
        const { body } = await expectStatus(`GET ${path}`, [bearer(TEAM)], 200);
        const seen = body.includes('db-v1.0.0.zip') ? 'everything' : 'its own';
        expect(`${path} tells of ${seen}`).toBe(`${path} tells of its own`);
      }
      await expectStatus('GET /assets/web-v1.0.0.zip', [bearer(TEAM)], 200);
      for (const path of [
        '/assets/db-v1.0.0.zip',
        '/releases/download/v1.0.0/db-v1.0.0.zip',
        '/assets/db-none.zip',
      ]) {
        await expectStatus(`GET ${path}`, [bearer(TEAM)], 403);
      }
    }

    async function links(): Promise<void> {
      const headers = { Authorization: `Bearer ${READER}` };
      const views = await json<{ name: string; url: string }[]>(
        await fetch(`${server.url}/packages?format=json`, { headers }),
      );
      const url = new URL(views.find(({ name }) => name === 'web-v1.0.0.zip')?.url ?? '');
      const [expires = '', signature = ''] = ['expires', 'signature'].map(
        (key) => url.searchParams.get(key) ?? '',
      );
      await expectStatus(`GET ${url.pathname}${url.search}`, [], 200);
      const beginning = signature.slice(0, 20).padEnd(43, 'A');
      for (const [path, search] of [
        ['/assets/db-v1.0.0.zip', url.search],
        ['/releases/download/v1.0.0/web-v1.0.0.zip', url.search],
        ['/o/r/releases/download/v1.0.0/web-v1.0.0.zip', url.search],
        ['/packages', url.search],
        ['/latest', url.search],
        [url.pathname, `?expires=${Number(expires) + 1}&signature=${signature}`],
        [url.pathname, `?expires=9999999999&signature=${signature}`],
        [url.pathname, `?expires=${expires}&signature=${beginning}`],
        [url.pathname, `?expires=${expires}&signature=`],
        [url.pathname, `?expires=${expires}`],
      ]) {
        await expectStatus(`GET ${path}${search}`, [], 401);
      }
      for (const method of ['PUT', 'DELETE'])
        await expectStatus(`${method} ${url.pathname}${url.search}`, [], 401);
      const log = (await server.logged()).join('\n');
      expect(`the log holds ${log.includes(signature) ? 'a signature' : 'none'}`).toBe('the log holds none');
    }
  },
);
