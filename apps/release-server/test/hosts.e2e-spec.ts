import { request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';

import { json, put } from './support/client.js';
import { rawRequest } from './support/raw.js';
import { AUTH, withServer, type TestServer } from './support/server.js';

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Asks with these headers as they stand, `Host` among them. */
async function ask(
  { port }: Pick<TestServer, 'port'>,
  line: string,
  headers: Record<string, string>,
  body?: string,
): Promise<Answer> {
  const [method, path] = line.split(' ');
  const sent = httpRequest({ port, host: '127.0.0.1', agent: false, method, path, headers });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, body: await text(response) };
}

const codeOf = ({ body }: Answer): unknown => (JSON.parse(body) as { code?: unknown }).code;

const ALLOWED = { allowed_hosts: ['releases.example.org', '*.example.com', 'bücher.example'] };
const READS = [
  '/latest',
  '/packages',
  '/packages?format=json',
  '/assets/a.zip',
  '/',
  '/docs',
  '/openapi.yaml',
];

describe('allowed_hosts', () => {
  it.each([
    'releases.example.org',
    'RELEASES.Example.org:8000',
    'releases.example.org.',
    'a.example.com',
    'b.a.example.com:1',
    'xn--bcher-kva.example',
    'localhost',
    'localhost:8000',
    'LOCALHOST.',
    'app.localhost',
    '127.0.0.1:8000',
    '127.8.9.1',
    '10.1.2.3:8000',
    '[::1]:8000',
    '[2001:db8::1]',
  ])('has %s answered', async (host) => {
    await withServer(ALLOWED, async (server) => {
      expect((await ask(server, 'GET /latest', { Host: host })).status).toBe(200);
    });
  });

  it.each([
    'evil.example',
    'example.com',
    'example.org',
    'releases.example.org.evil.example',
    'evilexample.com',
    'localhost.evil.example',
    'notlocalhost',
    '127.0.0.1.evil.example',
    'releases.example.org..',
    '1.2.3',
  ])('refuses %s with 421 and a message that names the key', async (host) => {
    await withServer(ALLOWED, async (server) => {
      await put(server, 'a.zip', 'x');
      for (const path of READS) {
        const answer = await ask(server, `GET ${path}`, { Host: host });
        expect([path, answer.status, codeOf(answer)]).toEqual([path, 421, 'misdirected_request']);
        expect(answer.body).toContain('allowed_hosts');
      }
      const upload = await ask(server, 'PUT /assets/b.zip', { Host: host, ...AUTH }, 'x');
      expect(upload.status).toBe(421);
      expect(await server.stored()).toEqual(['a.zip']);
    });
  });

  it('does not matter to probes', async () => {
    await withServer(ALLOWED, async (server) => {
      for (const path of ['/healthz', '/readyz', '/healthz/', '/readyz?x=/latest']) {
        expect((await ask(server, `GET ${path}`, { Host: 'evil.example' })).status).toBe(200);
      }
      for (const path of ['/healthz/../latest', '/healthz;/latest', '/latest?/healthz', '//healthz/latest']) {
        expect((await ask(server, `GET ${path}`, { Host: 'evil.example' })).status).toBe(421);
      }
    });
  });

  it('means any name where it is not set, and loopback where it has that only', async () => {
    await withServer({}, async (server) => {
      expect((await ask(server, 'GET /latest', { Host: 'evil.example' })).status).toBe(200);
    });
    await withServer({ allowed_hosts: ['localhost'] }, async (server) => {
      expect((await ask(server, 'GET /latest', { Host: 'localhost' })).status).toBe(200);
      expect((await ask(server, 'GET /latest', { Host: 'rebound.example' })).status).toBe(421);
    });
  });

  it('always has the host of public_url', async () => {
    const config = { allowed_hosts: ['localhost'], public_url: 'https://Pkg.Example:8443/releases' };
    await withServer(config, async (server) => {
      expect((await ask(server, 'GET /latest', { Host: 'pkg.example' })).status).toBe(200);
      expect((await ask(server, 'GET /latest', { Host: 'other.example' })).status).toBe(421);
    });
  });

  it('holds for the host of a whole address as target, which outranks the header', async () => {
    await withServer(ALLOWED, async (server) => {
      const send = (target: string, host: string): Promise<Answer> =>
        rawRequest(server.port, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      expect((await send('http://evil.example/latest', 'localhost')).status).toBe(421);
      expect((await send('HTTP://EVIL.example:80/latest', 'localhost')).status).toBe(421);
      expect((await send('http://localhost@evil.example/latest', 'localhost')).status).toBe(400);
      expect((await send('http://evil.example?/latest', 'localhost')).status).toBe(421);
      expect((await send('http://evil.example/healthz', 'localhost')).status).toBe(200);
      const right = await send('http://a.example.com/latest', 'evil.example');
      expect(right.status).toBe(200);
      expect(right.body).toContain('"url":"http://a.example.com/latest"');
    });
  });

  it('holds for Host and for what a trusted proxy forwards, whichever a page can choose', async () => {
    await withServer({ ...ALLOWED, trust_proxy: 'loopback' }, async (server) => {
      const both = (host: string, headers: Record<string, string>): Promise<Answer> =>
        ask(server, 'GET /latest', { Host: host, ...headers });
      expect((await both('10.0.0.1', { 'X-Forwarded-Host': 'releases.example.org' })).status).toBe(200);
      expect((await both('10.0.0.1', { 'X-Forwarded-Host': 'evil.example' })).status).toBe(421);
      expect((await both('10.0.0.1', { Forwarded: 'host=evil.example' })).status).toBe(421);
      expect((await both('evil.example', { 'X-Forwarded-Host': 'releases.example.org' })).status).toBe(421);
    });
    await withServer(ALLOWED, async (server) => {
      const headers = { Host: 'evil.example', 'X-Forwarded-Host': 'localhost' };
      expect((await ask(server, 'GET /latest', headers)).status).toBe(421);
    });
  });

  it('refuses what no host can be, as it stands or forwarded, and shows nothing of it', async () => {
    await withServer({ ...ALLOWED, trust_proxy: 'loopback' }, async (server) => {
      for (const host of ['<script>', 'a b', 'x/y', '[::1', `${'a'.repeat(300)}.example.com`]) {
        const forwarded = { Host: 'localhost', 'X-Forwarded-Host': host };
        for (const headers of [{ Host: host } as Record<string, string>, forwarded]) {
          const answer = await ask(server, 'GET /assets/none.zip', headers);
          expect([host, answer.status]).toEqual([host, 400]);
          expect(answer.body).not.toContain(host);
        }
      }
    });
  });
});

describe('a write of another origin', () => {
  const WRITES = [
    'PUT /assets/b.zip',
    'POST /upload',
    'DELETE /assets/a.zip',
    'PATCH /assets/a.zip',
    'POST /nope',
  ];

  it.each<[string, Record<string, string>]>([
    ['another origin', { Origin: 'https://evil.example' }],
    ['no origin', { Origin: 'null' }],
    ['another port', { Origin: 'http://pkg.example:8001' }],
    ['another scheme', { Origin: 'https://pkg.example:8000' }],
    ['a name below', { Origin: 'http://a.pkg.example:8000' }],
    ['two origins', { Origin: 'http://pkg.example:8000, https://evil.example' }],
    ['an origin that is none', { Origin: 'pkg.example:8000' }],
    ['another site', { 'Sec-Fetch-Site': 'cross-site' }],
    ['another origin of the site', { 'Sec-Fetch-Site': 'same-site', Origin: 'http://pkg.example:8000' }],
    ['a site that nobody knows', { 'Sec-Fetch-Site': 'somewhere' }],
    [
      'another site that claims the origin',
      { 'Sec-Fetch-Site': 'cross-site', Origin: 'http://pkg.example:8000' },
    ],
  ])('is refused with 403: %s', async (_, headers) => {
    await withServer({}, async (server) => {
      await put(server, 'a.zip', 'x');
      for (const line of WRITES) {
        const answer = await ask(server, line, { Host: 'pkg.example:8000', ...AUTH, ...headers }, 'x');
        expect([line, answer.status, codeOf(answer)]).toEqual([line, 403, 'cross_origin_request']);
      }
      expect(await server.stored()).toEqual(['a.zip']);
      const read = await ask(server, 'GET /assets/a.zip', { Host: 'pkg.example:8000', ...headers });
      expect([read.status, read.body]).toEqual([200, 'x']);
    });
  });

  it.each<[string, Record<string, unknown>, Record<string, string>]>([
    ['nothing, as of curl', {}, {}],
    ['its own origin', {}, { Origin: 'http://pkg.example:8000' }],
    ['its own site', {}, { 'Sec-Fetch-Site': 'same-origin', Origin: 'http://pkg.example:8000' }],
    [
      'its own site behind a proxy that changes the host',
      {},
      { 'Sec-Fetch-Site': 'same-origin', Origin: 'https://outer.example' },
    ],
    ['a person', {}, { 'Sec-Fetch-Site': 'none' }],
    ['public_url', { public_url: 'https://outer.example/releases' }, { Origin: 'https://outer.example' }],
    [
      'the forwarded host',
      { trust_proxy: 'loopback' },
      { Origin: 'https://outer.example', 'X-Forwarded-Host': 'outer.example', 'X-Forwarded-Proto': 'https' },
    ],
    [
      'the forwarded port',
      { trust_proxy: 'loopback' },
      {
        Origin: 'https://outer.example:8443',
        'X-Forwarded-Host': 'outer.example',
        'X-Forwarded-Proto': 'https',
        'X-Forwarded-Port': '8443',
      },
    ],
    ['the default port', { public_url: 'https://outer.example:443' }, { Origin: 'https://outer.example' }],
  ])('is none with %s', async (_, config, headers) => {
    await withServer(config, async (server) => {
      const answer = await ask(
        server,
        'PUT /assets/b.zip',
        { Host: 'pkg.example:8000', ...AUTH, ...headers },
        'x',
      );
      expect(answer.status).toBe(201);
    });
  });

  it('cannot be hidden by forwarded headers from nobody trusted', async () => {
    await withServer({}, async (server) => {
      const headers = {
        Host: 'pkg.example',
        ...AUTH,
        Origin: 'https://evil.example',
        'X-Forwarded-Host': 'evil.example',
        'X-Forwarded-Proto': 'https',
      };
      expect((await ask(server, 'PUT /assets/b.zip', headers, 'x')).status).toBe(403);
    });
  });
});

describe('links behind proxies', () => {
  /** The base of links of a request with these headers. */
  const base = (trust: string | number | boolean, headers: Record<string, string>): Promise<string> =>
    withServer({ trust_proxy: trust }, async (server) => {
      const response = await fetch(`${server.url}/latest`, { headers });
      const { url } = await json<{ url: string }>(response);
      return url.replace(/\/latest$/, '').replace(server.url, 'self');
    });
  const PORT_LESS = { 'X-Forwarded-Host': 'a.example', 'X-Forwarded-Proto': 'https' };

  it.each<[string, Record<string, string>, string]>([
    ['a forwarded port', { ...PORT_LESS, 'X-Forwarded-Port': '8443' }, 'https://a.example:8443'],
    [
      'the port of the host before that',
      { ...PORT_LESS, 'X-Forwarded-Host': 'a.example:1', 'X-Forwarded-Port': '2' },
      'https://a.example:1',
    ],
    [
      'a forwarded port of an address',
      { ...PORT_LESS, 'X-Forwarded-Host': '[2001:db8::1]', 'X-Forwarded-Port': '8443' },
      'https://[2001:db8::1]:8443',
    ],
    ['no default port', { ...PORT_LESS, 'X-Forwarded-Port': '443' }, 'https://a.example'],
    ['no default port of the other scheme', { ...PORT_LESS, 'X-Forwarded-Port': '80' }, 'https://a.example'],
    ['no port that is none', { ...PORT_LESS, 'X-Forwarded-Port': '99999' }, 'https://a.example'],
    ['no port with something behind', { ...PORT_LESS, 'X-Forwarded-Port': '1/evil' }, 'https://a.example'],
    ['all prefixes', { ...PORT_LESS, 'X-Forwarded-Prefix': '/a, /b/' }, 'https://a.example/a/b'],
    ['a prefix that is the root', { ...PORT_LESS, 'X-Forwarded-Prefix': '/' }, 'https://a.example'],
    ['no prefix that leads up', { ...PORT_LESS, 'X-Forwarded-Prefix': '/a/..' }, 'https://a.example'],
    [
      'no prefix that is another host',
      { ...PORT_LESS, 'X-Forwarded-Prefix': '//evil.example' },
      'https://a.example',
    ],
    [
      'the entry of the trusted proxy',
      {
        'X-Forwarded-Host': 'evil.example, a.example',
        'X-Forwarded-Proto': 'http, https',
        'X-Forwarded-For': '10.1.1.1',
      },
      'https://a.example',
    ],
    [
      'the entry of the outermost trusted proxy',
      {
        'X-Forwarded-Host': 'evil.example, a.example, inner.example',
        'X-Forwarded-For': '10.1.1.1, 127.0.0.2',
      },
      'http://a.example',
    ],
    ['Forwarded', { Forwarded: 'for=10.1.1.1;proto=https;host=a.example' }, 'https://a.example'],
    [
      'Forwarded with quotes and another case',
      { Forwarded: 'Host="a.example:8443" ; PROTO=https;for="[2001:db8::1]:4711";by=_x' },
      'https://a.example:8443',
    ],
    [
      'the outermost trusted proxy in Forwarded',
      {
        Forwarded:
          'host=evil.example, for=10.1.1.1;host=a.example;proto=https, for="127.0.0.2:99";host=inner.example',
      },
      'https://a.example',
    ],
    [
      'what trusted proxies say together',
      { Forwarded: 'host=evil.example, for=unknown;proto=https, for=127.0.0.2;host=a.example' },
      'https://a.example',
    ],
    [
      'X-Forwarded-* before Forwarded',
      { ...PORT_LESS, Forwarded: 'host=evil.example;proto=http' },
      'https://a.example',
    ],
    [
      'X-Forwarded-Prefix beside Forwarded',
      { Forwarded: 'host=a.example', 'X-Forwarded-Prefix': '/a' },
      'http://a.example/a',
    ],
    ['no Forwarded that is malformed', { Forwarded: 'host="a.example' }, 'self'],
  ])('have %s', async (_, headers, expected) => {
    expect(await base('loopback', headers)).toBe(expected);
  });

  it('have nothing of all that from nobody trusted', async () => {
    const headers = {
      ...PORT_LESS,
      'X-Forwarded-Port': '1',
      'X-Forwarded-Prefix': '/a',
      Forwarded: 'host=b.example',
    };
    expect(await base(false, headers)).toBe('self');
    expect(await base(false, { Forwarded: 'host=b.example;proto=https' })).toBe('self');
  });

  it('have the entries of as many proxies as trust_proxy counts, or of all', async () => {
    const headers = { 'X-Forwarded-Host': 'c.example, b.example, a.example' };
    expect(await base(1, headers)).toBe('http://a.example');
    expect(await base(2, headers)).toBe('http://b.example');
    expect(await base(9, headers)).toBe('http://c.example');
    expect(await base(true, headers)).toBe('http://c.example');
    const forwarded = { Forwarded: 'host=c.example, host=b.example;for=_b, host=a.example;for=unknown' };
    expect(await base(1, forwarded)).toBe('http://a.example');
    expect(await base(2, forwarded)).toBe('http://b.example');
    expect(await base(true, forwarded)).toBe('http://c.example');
  });
});
