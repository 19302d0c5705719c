import { setTimeout as delay } from 'node:timers/promises';

import { get, put } from '../support/client.js';
import type { ServerProcess } from '../support/process.js';
import { row } from './support/row.js';
import { ask, BEARER, form, type Message } from './support/wire.js';

/** Characters of a header field, next to what else stands in a head of 16 KiB. */
const LONGEST = 15_000;
/** Of a name. */
const LONGEST_NAME = 200;
/** Requests of one kind, of which the cheapest of some turns counts: others use the machine as well. */
const REQUESTS = 20;
const TURNS = 3;
/** Times the processor time of a harmless request of the same length. A quadratic pattern takes hundreds. */
const MOST = 12;

/** Milliseconds for an answer, which takes some; what backtracks takes for ever. */
const PATIENCE = 20_000;

interface Attack {
  readonly what: string;
  readonly start: string;
  readonly message: Message;
}

function filled(begin: string, repeated: string, end = '', length = LONGEST): string {
  const times = Math.floor((length - begin.length - end.length) / repeated.length);
  return `${begin}${repeated.repeat(times)}${end}`;
}

function header(name: string, value: string, start = 'GET /assets/plain.txt'): Attack {
  return { what: `${name}: ${value.slice(0, 20)}`, start, message: { headers: [`${name}: ${value}`] } };
}

/** A query of the list. */
function query(text: string): Attack {
  return { what: `?${text.slice(0, 20)}`, start: `GET /packages?format=json&${text}`, message: {} };
}

const LIST = 'GET /packages';
const TAG = 'sha256:'.padEnd(71, '0');

const ATTACKS: readonly Attack[] = [
  ...['If-None-Match', 'If-Match'].flatMap((name) => [
    header(name, filled('', '"')),
    header(name, filled('"', ',')),
    header(name, filled('', 'W/"')),
    header(name, filled('', '"a" ')),
    header(name, filled('"', ' ', 'x')),
    header(name, filled('', `"${TAG}",`)),
    header(name, filled('x', '\t', 'x')),
  ]),
  header('If-None-Match', filled('', '"a",'), 'GET /latest'),
  ...['If-Modified-Since', 'If-Unmodified-Since', 'If-Range'].flatMap((name) => [
    header(name, filled('Sun, 06 Nov 1994 08:49:37 ', ' ', 'GMT')),
    header(name, filled('Sun', ' ', '6 08:49:37 1994')),
    header(name, filled('', '1')),
    header(name, filled('', '1:')),
    header(name, filled('', '(')),
    header(name, filled('', 'Sun, ')),
  ]),
  header('Range', filled('bytes=', '0-0,')),
  header('Range', filled('bytes=-', '1')),
  header('Range', filled('bytes=', ' ', '0-')),
  header('Range', filled('bytes=', '-,')),
  header('Range', filled('bytes', '=')),
  ...['Accept', 'Accept-Encoding'].flatMap((name) => [
    header(name, filled('a/b;c="', ','), LIST),
    header(name, filled('', 'a/b,'), LIST),
    header(name, filled('a/b', ';'), LIST),
    header(name, filled('a/b;', 'q=1;'), LIST),
    header(name, filled('a/b', ' ', 'x'), LIST),
    header(name, filled('text/html;x="', '\\"', '"'), LIST),
    header(name, filled('', '*/*;q="",'), LIST),
    header(name, filled('', ','), LIST),
  ]),
  header('X-Request-Id', filled('', '\t', 'x')),
  header('X-Forwarded-For', filled('', '1,'), LIST),
  header('X-Forwarded-For', filled('', '::,'), LIST),
  header('Forwarded', filled('for="', '\\"', ''), LIST),
  header('Forwarded', filled('', 'for=a;'), LIST),
  header('X-Forwarded-Prefix', filled('', '/a'), LIST),
  header('X-Forwarded-Host', filled('', 'a.'), LIST),
  header('Authorization', filled('Bearer', ' ', 'x'), 'DELETE /assets/a.zip'),
  header('Authorization', filled('', 'Bearer '), 'DELETE /assets/a.zip'),
  header('Cookie', filled('', 'a=b;')),
  header('Origin', filled('http://', 'a.'), 'DELETE /assets/a.zip'),
  ...['multipart/form-data; boundary="', 'multipart/form-data', 'multipart/form-data; boundary=x'].flatMap(
    (type) =>
      [';', '; a=', ' ', '; a="\\"', '\\', "; filename*=utf-8''%41"].map((tail) => ({
        what: `Content-Type: ${type}${tail}`,
        start: 'POST /upload',
        message: { headers: [BEARER, `Content-Type: ${filled(type, tail)}`], body: '--x--' },
      })),
  ),
  ...['\\', ' ', ';', '; a=', '; a="\\"', '%41'].map((tail) => {
    const { headers = [], body = '' } = form(filled('name="file"; filename="a', tail, '"', 14_000));
    return {
      what: `a part: ${tail}`,
      start: 'POST /upload',
      message: { headers: [BEARER, ...headers], body },
    };
  }),
  ...['Content-Range', 'Repr-Digest', 'Content-Digest', 'Digest', 'X-Checksum-Sha256'].flatMap((name) =>
    ['bytes ', 'sha-256=:', 'a'].flatMap((begin) =>
      [' ', '1', '=', ',', ':,', 'a=:,'].map((repeated) => {
        const value = filled(begin, repeated, 'x');
        return {
          what: `${name}: ${value.slice(0, 20)}`,
          start: 'PUT /assets/new.zip',
          message: { headers: [BEARER, `${name}: ${value}`], body: 'x' },
        };
      }),
    ),
  ),
  query(filled('q=', '+', '', LONGEST_NAME)),
  query(filled('q=', 'a+', '', LONGEST_NAME)),
  query(filled('q=', 'a', 'b', LONGEST_NAME)),
  query(filled('', 'a=1&')),
  query(filled('', '&')),
  query(filled('', 'a[')),
  query(filled('', 'page=1&')),
  query(filled('page=', '1')),
  query(filled('q=', '%20')),
  ...['/', 'a/', './', '%2f', '%', '%c3', ';', '//..'].map((repeated) => ({
    what: `GET /${repeated}`,
    start: `GET ${filled('/', repeated)}`,
    message: {},
  })),
  { what: 'a whole address', start: `GET ${filled('http://', 'a')}`, message: {} },
];

/** Names that the reading of versions, words or extensions could be slow on. */
const NAMES = [
  filled('a-1.2.3-rc', '1', 'x.zip', 70),
  'tool-1.2.3-SNAPSHOT20250131.120000.12345678901234f.jar',
  ...[
    ['a-1.2.3-rc', '1', 'x.zip'],
    ['a-1.2.3-rc', '.1', 'x.zip'],
    ['a-1.2.3', '-rc1', 'x'],
    ['a', '.a', '-1'],
    ['a', '-1.2', '-x'],
    ['', '1.', 'zip'],
    ['', '1', ''],
    ['v', '1.2.3-', 'x'],
    ['a-1.2.3+', 'a.1.', 'x'],
    ['a-1.2.3', '+1', 'x'],
    ['a-1.2.3', '~', 'x'],
    ['', 'nightly-', '1.2.3'],
    ['a-1.2.3', '-2024-01', 'x'],
    ['a-1.2.3', '-1-gabcdef01', 'x'],
    ['', 'spec-kit-template-', '-sh.zip'],
    ['spec-kit-template-', 'a-', 'sh-v1.2.3.zip'],
  ].map(([begin = '', repeated = '', end = '']) => filled(begin, repeated, end, LONGEST_NAME)),
];

row(
  'X1',
  'names, queries, paths and headers at their longest against every pattern: as cheap as harmless ones, and probes go on',
  { rounds: { usual: 1, long: 20, of: 'rounds' }, timeout: { usual: 300_000, long: 3_600_000 } },
  async ({ server: start, rounds, note }) => {
    const server = await start({ TRUST_PROXY: 'loopback' });
    expect((await put(server, 'plain.txt', 'plain')).status).toBe(201);
    for (const name of NAMES) {
      expect([name, await soon(name, put(server, name, name))]).toEqual([name, 201]);
      // What shows the name, and what shows that the process still answers.
      for (const path of ['/latest', '/packages', '/packages?sort=name', '/readyz']) {
        expect([name, path, await soon(name, get(server, path))]).toEqual([name, path, 200]);
      }
    }
    let worst = { ratio: 0, what: '' };
    for (let round = 0; round < rounds; round++) {
      const rest = new Map<string, number>();
      for (const attack of ATTACKS) {
        const key = `${attack.start.split(/[ ?]/, 2).join(' ')} ${attack.message.body === undefined}`;
        const harmless = rest.get(key) ?? (await costOf(server, harmlessAs(attack)));
        rest.set(key, harmless);
        const ratio = (await costOf(server, attack)) / harmless;
        if (ratio > worst.ratio) worst = { ratio, what: attack.what };
        expect((await get(server, '/healthz')).status).toBe(200);
      }
    }
    note(`${NAMES.length} names and ${ATTACKS.length} requests`);
    note(`the dearest ${worst.ratio.toFixed(1)} times a harmless one: ${worst.what}`);
    expect(worst.ratio).toBeLessThan(MOST);
    await server.stop();
    // The next start reads all the names anew.
    expect((await get(await start(), '/latest')).status).toBe(200);
  },
);

/** The status of an answer. Throws where there is none in time. */
async function soon(what: string, answer: Promise<Response>): Promise<number> {
  const late = delay(PATIENCE, undefined, { ref: false }).then(() => {
    throw new Error(`no answer within ${PATIENCE / 1000} s to ${what}`);
  });
  return (await Promise.race([answer, late])).status;
}

/** The same request, with a header that nobody reads in the place of what is long. */
function harmlessAs({ start, message }: Attack): Attack {
  const [method = 'GET', target = '/'] = start.split(' ');
  const path = target.length > 100 ? '/assets/plain.txt' : target;
  const headers = (message.headers ?? []).filter((line) => line.length < 1000);
  const filler = `X-Ignored: ${'a'.repeat(LONGEST)}`;
  return {
    what: 'harmless',
    start: `${method} ${path}`,
    message: { ...message, headers: [...headers, filler] },
  };
}

/** Processor time of the server for one request, in microseconds. */
async function costOf(server: ServerProcess, { start, message }: Attack): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < TURNS; turn++) {
    const { cpu: before } = await server.inspect();
    for (let request = 0; request < REQUESTS; request++) {
      const { status } = await ask(server, start, message);
      if (status >= 500) throw new Error(`${start.slice(0, 40)}: ${status}`);
    }
    const { cpu: after } = await server.inspect();
    least = Math.min(least, (after - before) / REQUESTS);
  }
  return least;
}
