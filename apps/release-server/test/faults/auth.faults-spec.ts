import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

import { get, names, put } from '../support/client.js';
import { rawRequest, type RawAnswer } from '../support/raw.js';
import type { ServerProcess } from '../support/process.js';
import { TOKEN } from '../support/server.js';
import { tokenEntry, writeTokens } from './support/named-tokens.js';
import { row } from './support/row.js';
import type { Need } from './support/tools.js';
import {
  ask,
  askAsWriter,
  BEARER,
  fieldsOf,
  form,
  pump,
  repeated,
  requestBytes,
  type Message,
} from './support/wire.js';

const MIB = 1024 * 1024;

/** One request of each way to write. */
const WRITES: readonly [string, Message][] = [
  ['PUT /assets/a.zip?overwrite=true', { body: 'written' }],
  ['PUT /assets/new.zip', { body: 'written' }],
  ['POST /upload?overwrite=true', form('name="file"; filename="a.zip"')],
  ['DELETE /assets/a.zip', {}],
  ['DELETE /assets/none.zip', {}],
  // Writes nothing, but tells right tokens from wrong ones.
  ['GET /token', {}],
];

async function expectUnwritten(server: ServerProcess): Promise<void> {
  expect(await names(server)).toEqual(['a.zip']);
  expect(await (await get(server, '/assets/a.zip')).text()).toBe('original');
}

function sentWith(message: Message, headers: readonly string[]): Message {
  return { ...message, headers: [...headers, ...(message.headers ?? [])] };
}

function expectChallenge(what: string, answer: RawAnswer): void {
  expect(`${what}: ${answer.status}`).toBe(`${what}: 401`);
  expect(fieldsOf(answer)['www-authenticate']).toMatch(/^Bearer realm=/);
}

/** Tokens that are nearly that one. */
function nearTokens(token: string): string[] {
  const cut = Array.from({ length: token.length - 1 }, (_, index) => token.slice(0, index + 1));
  const changed = Array.from(token, (character, index) => {
    const other = String.fromCharCode(character.charCodeAt(0) ^ 1);
    return `${token.slice(0, index)}${other}${token.slice(index + 1)}`;
  });
  return [...cut, ...changed, `${token}x`, `x${token}`, token.toUpperCase(), `${token}${token}`, 'null', '*'];
}

row(
  'A1',
  'no token, a wrong, expired or nearly right one, its hash, another scheme, the header twice',
  { rounds: { usual: 1, long: 50, of: 'rounds' } },
  async ({ server: start, rounds, directory }) => {
    const named = 'rs_named-token';
    const file = `${directory}/.tokens`;
    // Each is tried too seldom to be limited by its name.
    const expired = Array.from({ length: rounds }, (_, round) => `rs_expired-${round}`);
    const late = expired.map((token) => tokenEntry(token, { expires_at: '2020-01-01' }));
    await writeTokens(file, [tokenEntry(named, { scopes: ['publish', 'overwrite', 'delete'] }), ...late]);
    const server = await start({ TOKENS_FILE: file });
    await put(server, 'a.zip', 'original');
    const { hash } = tokenEntry(named);
    const basic = Buffer.from(`${TOKEN}:${TOKEN}`).toString('base64');
    const credentials: readonly (readonly string[])[] = [
      [],
      ['Authorization:'],
      ['Authorization: Bearer'],
      [`Authorization: ${TOKEN}`],
      [`Authorization: Basic ${TOKEN}`],
      [`Authorization: Basic ${basic}`],
      [`Authorization: Tokens ${TOKEN}`],
      [`Authorization: Bearer:${TOKEN}`],
      [`Authorization: Bearer${TOKEN}`],
      [`Authorization: Bearer ${TOKEN} x`],
      [`Authorization: Bearer x ${TOKEN}`],
      [`Authorization: Bearer "${TOKEN}"`],
      [`Authorization: Bearer ${TOKEN},Bearer ${TOKEN}`],
      [`Authorization: Bearer x, Bearer ${TOKEN}`],
      [BEARER, BEARER],
      [BEARER, 'Authorization: Bearer wrong'],
      ['Authorization: Bearer wrong', BEARER],
      [`Proxy-Authorization: Bearer ${TOKEN}`],
      [`X-Auth-Token: ${TOKEN}`],
      [`Cookie: token=${TOKEN}; auth_token=${TOKEN}`],
      ...nearTokens(TOKEN).map((token) => [`Authorization: Bearer ${token}`]),
      ...nearTokens(named).map((token) => [`Authorization: Bearer ${token}`]),
      [`Authorization: Bearer ${hash}`],
      [`Authorization: Bearer ${hash.replace('sha256:', '')}`],
    ];
    for (let round = 0; round < rounds; round++) {
      for (const [request, message] of WRITES) {
        for (const headers of [...credentials, [`Authorization: Bearer ${expired[round]}`]]) {
          expectChallenge(
            `${request} with ${headers.join(', ')}`,
            await ask(server, request, sentWith(message, headers)),
          );
        }
      }
      await expectUnwritten(server);
    }
    const secrets = ['wrong', basic, hash.replace('sha256:', ''), named];
    const told = (line: string): boolean => secrets.some((secret) => line.includes(secret));
    expect((await server.logged()).filter(told)).toEqual([]);
    const right = [`authorization: bEARER  ${TOKEN}`];
    expect((await ask(server, 'PUT /assets/new.zip', { body: 'x', headers: right })).status).toBe(201);
  },
);

const LARGE = 100 * MIB;
/** The most that is read of one body. */
const MOST_READ = 16 * MIB;

const linux: Need = () => (process.platform === 'linux' ? undefined : 'needs Linux');

/** Bytes that the kernel holds at most between the two ends of a connection (tcp(7)). */
async function mostHeld(): Promise<number> {
  const limits = ['tcp_rmem', 'tcp_wmem'].map(async (name) => {
    const [, , most] = (await readFile(`/proc/sys/net/ipv4/${name}`, 'utf8')).split(/\s+/);
    return Number(most);
  });
  return (await Promise.all(limits)).reduce((sum, most) => sum + most, MIB);
}

/** Bytes that a process has read so far, from files and connections (proc(5)). */
async function bytesRead({ child }: ServerProcess): Promise<number> {
  const io = await readFile(`/proc/${child.pid}/io`, 'utf8');
  return Number(/^rchar: (\d+)/m.exec(io)?.[1]);
}

row(
  'A2',
  '100 MB without a token or with a wrong one, waiting for 100 Continue or not',
  { rounds: { usual: 5, long: 50, of: 'rounds' }, needs: [linux] },
  async ({ server: start, rounds, directory, note }) => {
    const server = await start();
    const multipart = 'Content-Type: multipart/form-data; boundary=x';
    let bodies = 0;
    const before = await bytesRead(server);
    const held = await mostHeld();
    const send = async (target: string, credential: readonly string[]): Promise<void> => {
      const headers = ['Host: x', multipart, ...credential];
      const head = (...more: string[]): string =>
        [`${target} HTTP/1.1`, ...headers, ...more, '', ''].join('\r\n');
      const length = `Content-Length: ${LARGE}`;

      const waiting = await pump(server, head(length, 'Expect: 100-continue'), []);
      expect(`waiting: ${waiting.text.split('\r\n', 1)[0]}`).toBe('waiting: HTTP/1.1 401 Unauthorized');

      const sent = [
        ['with its length', head(length), repeated('x', LARGE)],
        ['in chunks', head('Transfer-Encoding: chunked'), chunks(LARGE)],
      ] as const;
      for (const [how, opening, body] of sent) {
        const { status, taken } = await pump(server, opening, body, 'goes on until it is cut off');
        expect(`${how}: ${status}`).toBe(`${how}: 401`);
        bodies += 1;
        const verdict = taken <= MOST_READ + held ? 'little' : `${Math.round(taken / MIB)} MiB`;
        expect(`${how}: ${verdict} taken`).toBe(`${how}: little taken`);
      }
    };
    for (let round = 0; round < rounds; round++) {
      await Promise.all(
        ['PUT /assets/a.zip', 'POST /upload'].flatMap((target) => [
          send(target, []),
          send(target, ['Authorization: Bearer wrong']),
        ]),
      );
    }
    const read = ((await bytesRead(server)) - before) / bodies;
    note(`${(read / MIB).toFixed(1)} MiB read of a body`);
    expect(read).toBeLessThanOrEqual(MOST_READ);
    expect((await readdir(directory)).filter((name) => !name.startsWith('.'))).toEqual([]);
  },
);

function* chunks(total: number): Generator<Buffer> {
  for (const block of repeated('x', total)) {
    yield Buffer.concat([Buffer.from(`${block.length.toString(16)}\r\n`), block, Buffer.from('\r\n')]);
  }
}

row(
  'A3',
  'ways round the guard: slashes, case, encodings, dots, other methods, overrides',
  { rounds: { usual: 1, long: 20, of: 'rounds' } },
  async ({ server: start, rounds, directory }) => {
    const server = await start();
    // Another that is asked the same with the token, to know what would be a write.
    // A folder of another name would be a release of the first.
    const twin = await start({}, { directory: `${directory}/.twin` });
    const restore = async (one: ServerProcess): Promise<void> => {
      await put(one, 'a.zip', 'original', { query: '?overwrite=true' });
    };
    await restore(server);
    await restore(twin);
    const { headers: formHeaders = [], body: formBody = '' } = form('name="file"; filename="a.zip"');
    const paths = [
      '/assets/a.zip',
      '/assets/a.zip/',
      '/assets/a.zip//',
      '//assets/a.zip',
      '/assets//a.zip',
      '/ASSETS/a.zip',
      '/Assets/a.zip/',
      '/%61ssets/a.zip',
      '/assets/%61.zip',
      '/assets%2fa.zip',
      '/assets/./a.zip',
      '/x/../assets/a.zip',
      '/latest/../assets/a.zip',
      '/healthz/%2e%2e/assets/a.zip',
      '/assets;x/a.zip',
      '/assets/a.zip;x',
      '/assets/a.zip?x#y',
      '/assets/a.zip%00',
      '/upload',
      '/upload/',
      '//upload',
      '/UPLOAD',
      '/Upload/',
      '/%75pload',
      '/uplo%61d',
      '/upload%2f',
      '/upload;x',
      '/upload/../upload',
      '/packages',
      '/latest',
    ];
    const absolute = ['http://x/assets/a.zip', 'http://x/upload', 'HTTP://other.example/assets/a.zip'];
    const methods = ['PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'GET', 'MOVE', 'QUERY'];
    for (let round = 0; round < rounds; round++) {
      let writes = 0;
      for (const path of [...paths, ...absolute]) {
        for (const method of methods) {
          const query = path.includes('?') ? '&overwrite=true' : '?overwrite=true';
          const request = `${method} ${path}${query}`;
          const headers = method === 'POST' ? formHeaders : ['Content-Type: application/octet-stream'];
          const message = { headers, body: formBody };
          const without = await ask(server, request, message);
          const allowed = await ask(twin, request, sentWith(message, [BEARER]));
          const wrote = (await (await get(twin, '/assets/a.zip')).text()) !== 'original';
          if (wrote) {
            writes += 1;
            await restore(twin);
            expectChallenge(request, without);
          } else if (without.status !== 401) {
            expect(`${request}: ${without.status}`).toBe(`${request}: ${allowed.status}`);
          }
        }
      }
      expect(writes).toBeGreaterThanOrEqual(10);
      await expectUnwritten(server);
      const override = ['DELETE', 'PUT', 'POST'].flatMap((method) => [
        `X-HTTP-Method-Override: ${method}`,
        `X-HTTP-Method: ${method}`,
        `X-Method-Override: ${method}`,
      ]);
      for (const header of override) {
        const read = await ask(twin, 'GET /assets/a.zip?_method=DELETE', { headers: [header, BEARER] });
        expect(`${header}: ${read.status} ${read.body}`).toBe(`${header}: 200 original`);
        for (const other of ['X-Original-URL: /upload', 'X-Rewrite-URL: /assets/a.zip']) {
          const message = { headers: [header, other, ...formHeaders], body: formBody };
          expect((await ask(server, 'GET /latest', message)).status).toBe(200);
        }
      }
      await expectUnwritten(server);
    }
  },
);

row(
  'A4',
  'the token in the query, the address or the form',
  { rounds: { usual: 1, long: 20, of: 'rounds' } },
  async ({ server: start, rounds, directory }) => {
    const file = `${directory}/.tokens`;
    await writeTokens(file, [tokenEntry('rs_named', { scopes: ['publish', 'overwrite', 'delete'] })]);
    const server = await start({ TOKENS_FILE: file });
    await put(server, 'a.zip', 'original');
    const queries = [
      `token=${TOKEN}`,
      `access_token=${TOKEN}`,
      `auth_token=${TOKEN}`,
      `bearer=${TOKEN}`,
      `authorization=Bearer%20${TOKEN}`,
      `Authorization=Bearer+${TOKEN}`,
      TOKEN,
      'token=rs_named',
      'access_token=rs_named',
    ];
    for (let round = 0; round < rounds; round++) {
      for (const [request, message] of WRITES) {
        for (const query of queries) {
          const separator = request.includes('?') ? '&' : '?';
          const answer = await ask(server, `${request}${separator}${query}`, message);
          expectChallenge(`${request} with ${query}`, answer);
          expect(answer.text).not.toContain(TOKEN);
        }
        const [method = '', path = ''] = request.split(' ');
        const user = await ask(server, `${method} http://bearer:${TOKEN}@x${path}`, message);
        expectChallenge(`${request} with a user`, user);
        expect(user.text).not.toContain(TOKEN);
      }
      const field = `--x\r\nContent-Disposition: form-data; name="access_token"\r\n\r\n${TOKEN}\r\n`;
      const { headers = [], body = '' } = form('name="file"; filename="a.zip"');
      const inForm = await ask(server, 'POST /upload?overwrite=true', {
        headers,
        body: `${field}${String(body)}`,
      });
      expectChallenge('POST /upload with a field', inForm);
      for (const path of ['/packages', '/latest', '/assets/a.zip', '/nothing']) {
        await get(server, `${path}?token=${TOKEN}`);
        await get(server, `${path}?access_token=${TOKEN}`, { Accept: 'text/html' });
      }
      await expectUnwritten(server);
    }
  },
);

row(
  'A5',
  'overwriting and deleting where the configuration forbids it, one after the other and 32 at once',
  { rounds: { usual: 5, long: 200, of: 'rounds' } },
  async ({ server: start, rounds }) => {
    const server = await start({ ALLOW_OVERWRITE: 'false', ALLOW_DELETE: 'false' });
    await put(server, 'a.zip', 'original');
    const tag = (await get(server, '/assets/a.zip')).headers.get('etag') ?? '';
    const overwriting: readonly [string, Message][] = [
      ['PUT /assets/a.zip?overwrite=true', { body: 'written' }],
      ['PUT /assets/a.zip', { headers: ['If-Match: *'], body: 'written' }],
      ['PUT /assets/a.zip', { headers: [`If-Match: ${tag}`], body: 'written' }],
      ['POST /upload?overwrite=1', form('name="file"; filename="a.zip"', 'written')],
      ['DELETE /assets/a.zip', {}],
      ['DELETE /assets/a.zip', { headers: [`If-Match: ${tag}`] }],
    ];
    for (let round = 0; round < rounds; round++) {
      for (const [request, message] of overwriting) {
        expect(`${request}: ${(await askAsWriter(server, request, message)).status}`).toBe(`${request}: 403`);
      }
      const name = `new-${round}.zip`;
      const contents = Array.from({ length: 32 }, (_, index) => `content ${index} `.repeat(1000));
      const options = { query: '?overwrite=true' };
      const answers = await Promise.all(contents.map((content) => put(server, name, content, options)));
      const created = contents.filter((_, index) => answers[index]?.status === 201);
      expect(
        `${created.length} created, ${answers.filter(({ status }) => status === 403).length} refused`,
      ).toBe('1 created, 31 refused');
      expect(await (await get(server, `/assets/${name}`)).text()).toBe(created[0]);
      expect(await (await get(server, '/assets/a.zip')).text()).toBe('original');
    }
  },
);

/** Wrong tokens of one address within a minute that are answered as such. */
const BUDGET = 60;

row(
  'A6',
  'tokens tried out on one connection, one after the other and all at once, while others publish; an expired one from 80 addresses',
  { rounds: { usual: 1, long: 20, of: 'rounds' } },
  async ({ server: start, rounds, directory, note }) => {
    const file = `${directory}/.tokens`;
    await writeTokens(file, [tokenEntry('expired', { expires_at: '2020-01-01' })]);
    for (let round = 0; round < rounds; round++) {
      const server = await start({ TOKENS_FILE: file });
      const guesses = Array.from({ length: 300 }, (_, index) =>
        requestBytes('PUT /assets/a.zip', { headers: [`Authorization: Bearer wrong-${index}`], body: 'x' }),
      );
      const guessing = rawRequest(server.port, Buffer.concat(guesses), 3000);
      const published: string[] = [];
      for (let index = 0; index < 20; index++) {
        // From the same address.
        published.push(`${(await put(server, `n-${index}.zip`, 'content')).status}`);
      }
      expect(published.join(' ')).toBe(Array.from({ length: 20 }, () => '201').join(' '));
      const late = delay(5000).then(() => undefined);
      await Promise.race([guessing, late]);
      const lines = server.lines().filter((line) => line.includes('"path":"/assets/a.zip"'));
      const of = (status: number): number =>
        lines.filter((line) => line.includes(`"status":${status}`)).length;
      note(`${of(401)} × 401, ${of(429)} × 429 in 5 s on one connection`);
      expect(`${of(401)} × 401`).toBe(`${BUDGET} × 401`);
      expect(of(429)).toBeGreaterThan(0);
      expect(of(429) <= 20 ? 'slow' : `${of(429)} × 429`).toBe('slow');
      expect(await names(server)).not.toContain('a.zip');
      // Each from an address of its own.
      const headers = ['Authorization: Bearer expired'];
      const tries = Array.from({ length: 80 }, () => ask(server, 'GET /token', { headers }));
      const expired = (await Promise.all(tries)).filter(({ status }) => status === 401);
      expect(`${expired.length} × 401 of an expired token`).toBe(`${BUDGET} × 401 of an expired token`);
      await server.kill();
      await guessing;
    }
  },
);
