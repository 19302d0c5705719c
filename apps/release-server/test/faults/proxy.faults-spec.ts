import { readdir } from 'node:fs/promises';

import { get, json, names, put } from '../support/client.js';
import type { ServerProcess } from '../support/process.js';
import { rawRequest } from '../support/raw.js';
import { row } from './support/row.js';
import { ask, askAsWriter, BEARER, fieldsOf, requestBytes } from './support/wire.js';

const LINE = '\r\n';
const SMUGGLED = `GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n`;

/** Heads of which two readers could think differently where the body ends, or for whom the request is. */
const AMBIGUOUS: readonly [string, readonly string[], string][] = [
  [
    'length and chunks',
    ['Host: x', 'Content-Length: 6', 'Transfer-Encoding: chunked'],
    '1\r\nx\r\n0\r\n\r\n',
  ],
  [
    'chunks and length',
    ['Host: x', 'Transfer-Encoding: chunked', 'Content-Length: 6'],
    '1\r\nx\r\n0\r\n\r\n',
  ],
  ['two lengths', ['Host: x', 'Content-Length: 1', 'Content-Length: 2'], 'xx'],
  ['the same length twice', ['Host: x', 'Content-Length: 1', 'Content-Length: 1'], 'x'],
  ['a list of lengths', ['Host: x', 'Content-Length: 1, 1'], 'x'],
  ['a length with a sign', ['Host: x', 'Content-Length: +1'], 'x'],
  ['a negative length', ['Host: x', 'Content-Length: -1'], 'x'],
  ['a length in hexadecimal', ['Host: x', 'Content-Length: 0x1'], 'x'],
  ['a length beyond all numbers', ['Host: x', 'Content-Length: 99999999999999999999'], 'x'],
  ['a space before the colon', ['Host: x', 'Content-Length : 1'], 'x'],
  ['a coding nobody knows', ['Host: x', 'Transfer-Encoding: xchunked'], '1\r\nx\r\n0\r\n\r\n'],
  ['a coding within chunks', ['Host: x', 'Transfer-Encoding: gzip, chunked'], '1\r\nx\r\n0\r\n\r\n'],
  ['chunks within a coding', ['Host: x', 'Transfer-Encoding: chunked, gzip'], '1\r\nx\r\n0\r\n\r\n'],
  ['chunks twice', ['Host: x', 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], '0\r\n\r\n'],
  ['chunks in quotes', ['Host: x', 'Transfer-Encoding: "chunked"'], '0\r\n\r\n'],
  ['chunks after a tab in the name', ['Host: x', 'Transfer-Encoding\t: chunked'], '0\r\n\r\n'],
  ['a chunk size with a sign', ['Host: x', 'Transfer-Encoding: chunked'], '+1\r\nx\r\n0\r\n\r\n'],
  ['a chunk size that is none', ['Host: x', 'Transfer-Encoding: chunked'], '1g\r\nx\r\n0\r\n\r\n'],
  ['a chunk longer than its size', ['Host: x', 'Transfer-Encoding: chunked'], '1\r\nxx\r\n0\r\n\r\n'],
  ['a line folded', ['Host: x', 'X: a', ' Content-Length: 1'], ''],
  ['two hosts', ['Host: x', 'Host: y', 'Content-Length: 1'], 'x'],
  ['two hosts and no body', ['Host: x', 'Host: y'], ''],
  ['the same host twice', ['Host: x', 'Host: x', 'Content-Length: 1'], 'x'],
  ['no host', ['Content-Length: 1'], 'x'],
  ['a carriage return in a line', ['Host: x', 'X: a\rContent-Length: 1'], ''],
  ['a NUL in a line', ['Host: x', 'X: a\0b', 'Content-Length: 1'], 'x'],
];

row(
  'P1',
  'heads of which two readers think differently: lengths, codings, hosts',
  { rounds: { usual: 3, long: 200, of: 'rounds' } },
  async ({ server: start, rounds, directory }) => {
    const server = await start();
    for (let round = 0; round < rounds; round++) {
      for (const [what, lines, body] of AMBIGUOUS) {
        // Who does not want a body need not notice that it is broken.
        const targets = what.includes('a chunk ')
          ? ['PUT /assets/a.zip']
          : ['PUT /assets/a.zip', 'GET /latest'];
        for (const target of targets) {
          const head = [`${target} HTTP/1.1`, BEARER, ...lines, '', ''].join(LINE);
          const answer = await rawRequest(server.port, `${head}${body}${SMUGGLED}`);
          const answers = answer.text.match(/^HTTP\/1\.1 \d+/gm) ?? [];
          expect(`${target}, ${what}: ${answers.join(', ')}`).toBe(`${target}, ${what}: HTTP/1.1 400`);
          expect(`${target}, ${what}: ${fieldsOf(answer)['connection']}`).toBe(`${target}, ${what}: close`);
        }
      }
    }
    expect((await server.logged()).filter((line) => line.includes('/smuggled'))).toEqual([]);
    expect((await readdir(directory)).filter((name) => !name.startsWith('.'))).toEqual([]);
  },
);

/** The answers on one connection, cut apart by their own lengths as a client would. */
function answersIn(text: string, methods: readonly string[]): { status: number; body: string }[] {
  const answers = [];
  let rest = text;
  for (const method of methods) {
    const end = rest.indexOf('\r\n\r\n') + 4;
    if (end < 4) break;
    const head = rest.slice(0, end);
    const status = Number(head.split(' ')[1]);
    const bodiless = method === 'HEAD' || status === 204 || status === 304;
    const length = bodiless ? 0 : Number(/^content-length: (\d+)/im.exec(head)?.[1]);
    answers.push({ status, body: rest.slice(end, end + length) });
    rest = rest.slice(end + length);
  }
  return rest === '' ? answers : [...answers, { status: -1, body: rest }];
}

row(
  'P2',
  'many requests in one write, garbage behind a request, a refused body before the next request',
  { rounds: { usual: 20, long: 1000, of: 'rounds' } },
  async ({ server: start, rounds }) => {
    const server = await start();
    for (let round = 0; round < rounds; round++) {
      const content = `content ${round} `.repeat((round % 100) * 50 + 1);
      const name = `/assets/n-${round}.zip`;
      const requests: [string, number, string?][] = [
        [`GET ${name}`, 404],
        [`PUT ${name}`, 201, content],
        [`GET ${name}`, 200],
        [`HEAD ${name}`, 200],
        ['GET /healthz', 200],
        [`PUT ${name}`, 409, 'x'],
        ['POST /nothing', 404, 'x'],
        [`DELETE ${name}`, 204],
        [`HEAD ${name}`, 404],
        ['GET /packages?format=json', 200],
        ['GET /nothing', 404],
      ];
      const bytes = requests.map(([request, , body], index) => {
        const last = index === requests.length - 1 ? ['Connection: close'] : [];
        const headers = [BEARER, ...last];
        return requestBytes(request, body === undefined ? { headers } : { headers, body });
      });
      const methods = requests.map(([request]) => request.split(' ', 1)[0] ?? '');
      const { text } = await rawRequest(server.port, Buffer.concat(bytes), 5000);
      const answers = answersIn(text, methods);
      expect(answers.map(({ status }) => status)).toEqual(requests.map(([, status]) => status));
      expect(answers[2]?.body).toBe(content);
      expect(answers[4]?.body).toBe('OK');

      // What is asked before garbage has its answer before the garbage has.
      const before = [
        requestBytes(`PUT ${name}`, { headers: [BEARER], body: 'x' }),
        requestBytes(`GET ${name}`),
      ];
      const garbage = Buffer.concat([...before, Buffer.from('\0garbage\r\n\r\n')]);
      const mixed = answersIn((await rawRequest(server.port, garbage, 5000)).text, ['PUT', 'GET', '?']);
      expect(mixed.map(({ status }) => status).join(' ')).toBe('201 200 400');

      // A refused body is not taken for the next request, whether the connection goes on or not.
      const hidden = SMUGGLED.repeat(20);
      const refused = Buffer.concat([
        requestBytes('PUT /assets/refused.zip', { body: hidden }),
        requestBytes('GET /healthz', { headers: ['Connection: close'] }),
      ]);
      const after = answersIn((await rawRequest(server.port, refused, 5000)).text, ['PUT', 'GET']);
      expect(['401', '401 200']).toContain(after.map(({ status }) => status).join(' '));
      await askAsWriter(server, `DELETE ${name}`);
    }
    expect((await server.logged()).filter((line) => line.includes('/smuggled'))).toEqual([]);
    expect(await names(server)).toEqual([]);
  },
);

const FORWARDED = {
  'X-Forwarded-Proto': 'https',
  'X-Forwarded-Host': 'left.example, spoofed.example',
  'X-Forwarded-Prefix': '/spoofed',
  'X-Forwarded-Port': '8443',
  'X-Forwarded-For': '10.0.0.1',
  Forwarded: 'host=elsewhere.example;proto=https',
};
/** What is made of them where they count. */
const SPOOFED = 'https://spoofed.example:8443/spoofed';
const BROWSER = { Accept: 'text/html' };

/** All answers that hold links. */
async function linksOf(server: ServerProcess, headers: Record<string, string>): Promise<string> {
  const published = await put(server, 'a.zip', 'x', { query: '?overwrite=true', headers });
  const answers = [
    published,
    await put(server, 'new.zip', 'x', { headers }),
    await get(server, '/packages?per_page=1', { ...headers, ...BROWSER }),
    await get(server, '/packages?format=json', headers),
    await get(server, '/latest', headers),
    await get(server, '/docs', headers),
    await get(server, '/', headers),
  ];
  await fetch(`${server.url}/assets/new.zip`, {
    method: 'DELETE',
    headers: { Authorization: BEARER.slice(15) },
  });
  const texts = answers.map(async (answer) => `${JSON.stringify([...answer.headers])}${await answer.text()}`);
  return (await Promise.all(texts)).join('\n');
}

row(
  'P4',
  'forwarded headers from nobody trusted, and hosts that are none or another',
  { rounds: { usual: 1, long: 50, of: 'rounds' } },
  async ({ server: start, rounds, directory }) => {
    const plain = await start({}, { directory: `${directory}/plain` });
    const distrusting = await start({ TRUST_PROXY: '10.0.0.0/8' }, { directory: `${directory}/other` });
    const trusting = await start({ TRUST_PROXY: 'loopback' }, { directory: `${directory}/trusting` });
    const fixed = { PUBLIC_URL: 'https://fixed.example/base', TRUST_PROXY: 'loopback' };
    const published = await start(fixed, { directory: `${directory}/fixed` });
    for (let round = 0; round < rounds; round++) {
      for (const server of [plain, distrusting]) {
        const links = await linksOf(server, FORWARDED);
        expect(links).not.toMatch(/spoofed|elsewhere|https:\/\/127/);
        expect(links.split(`${server.url}/assets/a.zip`).length).toBeGreaterThan(4);
      }
      const trusted = await linksOf(trusting, FORWARDED);
      expect(trusted).toContain(`${SPOOFED}/assets/a.zip`);
      expect(trusted).not.toMatch(/left|elsewhere/);
      const links = await linksOf(published, FORWARDED);
      expect(links).toContain('https://fixed.example/base/assets/a.zip');
      expect(links).not.toMatch(/spoofed|elsewhere|127\.0\.0\.1/);

      for (const [header, value] of [
        ['X-Forwarded-Proto', 'javascript'],
        ['X-Forwarded-Proto', 'https"><script>'],
        ['X-Forwarded-Prefix', '//evil.example'],
        ['X-Forwarded-Prefix', '/"><script>'],
        ['X-Forwarded-Port', '1"><script>'],
        ['Forwarded', 'proto=javascript'],
      ] as const) {
        const latest = await get(trusting, '/latest', { [header]: value });
        const { assets } = await json<{ assets: { browser_download_url: string }[] }>(latest);
        expect(`${value}: ${assets[0]?.browser_download_url}`).toBe(`${value}: ${trusting.url}/assets/a.zip`);
      }
      const hosts = [
        'evil"><script>',
        'evil/path',
        'user@evil',
        'evil:port',
        'evil\\x',
        'a b',
        "evil'",
        '[::1',
        'a,b',
        '?',
      ];
      for (const host of hosts) {
        for (const path of ['/latest', '/packages', '/']) {
          const bytes = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
          const answer = await rawRequest(plain.port, bytes, 5000);
          expect(`${host}: ${answer.status}`).toBe(`${host}: 400`);
          const forwarded = await ask(trusting, `GET ${path}`, { headers: [`X-Forwarded-Host: ${host}`] });
          // Of a list of hosts one is that of the proxy.
          if (host !== 'a,b') expect(`${host}: ${forwarded.status}`).toBe(`${host}: 400`);
        }
      }
      // What one client calls the server is nothing to the next.
      for (const path of ['/packages', '/packages?page=1', '/packages?format=json', '/latest']) {
        const other = `GET ${path} HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n`;
        expect((await rawRequest(plain.port, other, 5000)).body).toContain(
          'http://other.example/assets/a.zip',
        );
        expect(await (await get(plain, path)).text()).not.toContain('other.example');
      }
    }
  },
);

const READS = [
  '/latest',
  '/packages',
  '/packages?format=json',
  '/packages?per_page=1',
  '/assets/a.zip',
  '/assets/none.zip',
  '/healthz',
  '/readyz',
  '/openapi.yaml',
  '/docs',
  '/',
  '/nothing',
];
/** What differs from answer to answer. */
const OWN = new Set(['date', 'x-request-id', 'connection', 'keep-alive']);

row(
  'P5',
  'HEAD as GET, 304, Cache-Control, no header for other origins',
  { rounds: { usual: 3, long: 200, of: 'rounds' } },
  async ({ server: start, rounds }) => {
    const server = await start();
    await put(server, 'a.zip', 'content');
    await put(server, 'b.zip', 'content');
    const origin = ['Origin: https://other.example', 'Access-Control-Request-Method: PUT'];
    for (let round = 0; round < rounds; round++) {
      for (const path of READS) {
        const whole = await ask(server, `GET ${path}`, { headers: origin });
        const head = await ask(server, `HEAD ${path}`, { headers: origin });
        const options = await ask(server, `OPTIONS ${path}`, { headers: origin });
        const lasting = ({ head: text }: typeof whole): string[] =>
          text.split('\r\n').filter((line) => !OWN.has(line.split(':', 1)[0]?.toLowerCase() ?? ''));
        expect(lasting(head)).toEqual(lasting(whole));
        expect(head.body).toBe('');
        const fields = fieldsOf(whole);
        expect(`${path}: ${fields['content-length']}`).toBe(`${path}: ${whole.body.length}`);
        expect(`${path}: ${fields['cache-control']}`).toMatch(/: no-(cache|store)$/);
        for (const answer of [whole, head, options])
          expect(answer.head.toLowerCase()).not.toContain('access-control-');

        const tag = fields['etag'];
        if (tag === undefined || whole.status !== 200) continue;
        for (const condition of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
          for (const method of ['GET', 'HEAD']) {
            const headers = [`If-None-Match: ${condition}`];
            const same = await ask(server, `${method} ${path}`, { headers });
            expect(`${method} ${path} with ${condition}: ${same.status}`).toBe(
              `${method} ${path} with ${condition}: 304`,
            );
            expect(same.body).toBe('');
            for (const name of ['etag', 'cache-control', 'vary', 'link'])
              expect([name, fieldsOf(same)[name]]).toEqual([name, fields[name]]);
          }
        }
        const changed = await ask(server, `GET ${path}`, { headers: ['If-None-Match: "other"'] });
        expect([changed.status, changed.body]).toEqual([200, whole.body]);
      }
    }
  },
);
