import * as fc from 'fast-check';

import { sha256 } from '../../support/client.js';
import type { Contract, ContractOperation, ContractParameter } from '../../support/contract.js';
import { TOKEN } from '../../support/server.js';

/** How the length of a body is told. Only the first two are right. */
type Framing = 'length' | 'chunked' | 'too long' | 'too short' | 'twice' | 'nonsense' | 'broken chunks';

/** A request as it goes over the wire. */
export class FuzzedRequest {
  constructor(
    readonly method: string,
    readonly target: string,
    readonly headers: readonly (readonly [string, string])[],
    private readonly body: Buffer,
    private readonly framing: Framing,
    private readonly version: '1.0' | '1.1',
  ) {}

  /**
   * Whether another request can follow: it says truly where it ends, and has no body that nobody waits for, at which
   * a server may close the connection (RFC 9110 §9.3.1, §10.1.1).
   */
  get isFramed(): boolean {
    const expects = this.headers.some(([name, one]) => name === 'Expect' && /^100-continue$/i.test(one));
    const isRead = this.method !== 'PUT' && this.method !== 'POST';
    const hasBody = this.body.length > 0 || this.framing === 'chunked';
    return (this.framing === 'length' || this.framing === 'chunked') && !(hasBody && (isRead || expects));
  }

  /** Whether it may write: it has the token, and no other. */
  get isAuthorized(): boolean {
    const tokens = this.headers.filter(([name]) => name.toLowerCase() === 'authorization');
    return tokens.length === 1 && /^bearer +test-token *$/i.test(tokens[0]?.[1] ?? '');
  }

  get pieces(): Buffer[] {
    const lines = this.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const { head, body } = frame(this.body, this.framing);
    const start = `${this.method} ${this.target} HTTP/${this.version}\r\n${lines}${head}\r\n`;
    return [Buffer.from(start, 'latin1'), ...body];
  }

  /** For the report of a counterexample. */
  toString(): string {
    const [head] = this.pieces;
    return JSON.stringify(`${head?.toString('latin1')}(${this.body.length} bytes, ${this.framing})`);
  }
}

function frame(body: Buffer, framing: Framing): { head: string; body: Buffer[] } {
  const length = (bytes: number): string => `Content-Length: ${bytes}\r\n`;
  const half = Math.floor(body.length / 2);
  const halves = [body.subarray(0, half), body.subarray(half)].filter((part) => part.length > 0);
  const chunks = halves.map((part) =>
    Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]),
  );
  const chunked = 'Transfer-Encoding: chunked\r\n';
  switch (framing) {
    case 'length':
      return { head: body.length === 0 ? '' : length(body.length), body: halves };
    case 'chunked':
      return { head: chunked, body: [...chunks, Buffer.from('0\r\n\r\n')] };
    case 'too long':
      return { head: length(body.length + 7), body: halves };
    case 'too short':
      return { head: length(half), body: halves };
    case 'twice':
      return { head: `${length(body.length)}${chunked}`, body: halves };
    case 'nonsense':
      return { head: length(-1), body: halves };
    case 'broken chunks':
      return { head: chunked, body: [...chunks, Buffer.from('zz\r\n')] };
  }
}

const CONTENTS = [1, 1000, 200_000].map((size) => Buffer.alloc(size, 'content '));
const TAGS = CONTENTS.map((content) => `"sha256:${sha256(content)}"`);
const STORED = ['a.bin', 'b-1.2.3.zip', 'c-v2.0.0-rc.1.tar.gz'];
/** What should be stored, so that there is something to ask for. */
export const PACKAGES = STORED.map((name, at) => ({ name, content: CONTENTS[at] ?? Buffer.from(name) }));
const DATES = ['Thu, 01 Jan 1970 00:00:00 GMT', 'Fri, 31 Dec 2100 23:59:59 GMT'];

/** Any byte but those that end a line, which would make another request of it. */
const text = fc.string({
  unit: fc
    .integer({ min: 0, max: 255 })
    .filter((code) => code !== 10 && code !== 13)
    .map((code) => String.fromCharCode(code)),
  maxLength: 20,
});
const hostileNames = fc.constantFrom(
  ...'% %25 %2525 %ff %c0%ae %u002e %00 a%00b %0d%0aX:%201 %09 %E2%80%AE %F0%9F%98%80 e%CC%81 a%20 %2B'.split(
    ' ',
  ),
  ...'.. %2e%2e%2fetc%2fpasswd ..%5c a%2fb /etc/passwd .env .release-server/meta a. ~ con swagger-ui.css'.split(
    ' ',
  ),
  ...'__proto__ constructor toString a;b a?b a#b * :x (a) {a} [a] a+b'.split(' '),
  ...[200, 201, 5000].map((length) => 'a'.repeat(length)),
);
const hostileValues = fc.constantFrom(
  ...'"" " * W/"" null undefined -1 0 2 1e9 99999999999999999999 NaN true TRUE yes json html sha256:'.split(
    ' ',
  ),
  ...'bytes=0-0 bytes=-1 bytes=-0 bytes=5-2 bytes=0-0,2-2 bytes= bytes=- bytes=a-b bytes=0-99999999999999999999 lines=1-2 % %ff __proto__'.split(
    ' ',
  ),
  '',
  ' ',
  `bytes=${'0-0,'.repeat(500)}1-1`,
  `sha256:${'0'.repeat(64)}`,
  'a'.repeat(5000),
);
const value = fc.oneof(
  { weight: 3, arbitrary: hostileValues },
  { weight: 2, arbitrary: fc.constantFrom(...TAGS, TAGS.join(', '), ...DATES) },
  { weight: 1, arbitrary: text },
);

/** Values of Authorization, of which the last alone may write. */
const TOKENS = [
  [],
  ['Bearer wrong'],
  ['Basic eDp5'],
  ['Bearer a', 'Bearer b'],
  [''],
  ['Bearer'],
  [`bearer ${TOKEN}`],
];

/** Headers beside those of the contract, with values that somebody looks at. */
const HEADERS: Record<string, readonly string[]> = {
  Accept: [
    'application/json',
    'text/html',
    '*/*',
    'text/html;q=0.1, application/json',
    ';q=',
    'a/b;q=2, */*;q=0',
  ],
  'Accept-Encoding': ['gzip, br', 'identity;q=0', '*'],
  Connection: ['close', 'keep-alive', 'Upgrade', 'x-request-id'],
  'Content-Encoding': ['gzip'],
  'Content-Type': [
    'application/json',
    'multipart/form-data',
    'multipart/form-data; boundary=',
    'text/plain; charset=x',
  ],
  Cookie: ['a=b; c'],
  Expect: ['100-continue', '100-Continue', 'miracles'],
  Forwarded: ['for=x;host=y'],
  Origin: ['null', 'https://elsewhere.example'],
  Upgrade: ['h2c', 'websocket'],
  'User-Agent': ['curl/8', 'Mozilla/5.0'],
  'X-Forwarded-Host': ['elsewhere.example', '"><script>'],
  'X-Forwarded-Prefix': ['/x', '//x', '/%'],
  'X-Forwarded-Proto': ['https', 'javascript'],
  'X-HTTP-Method-Override': ['DELETE'],
  __proto__: ['x'],
};

/** Requests grown from the contract: mostly what it allows, with some of it replaced by what nobody expects. */
export function requests(contract: Contract): fc.Arbitrary<FuzzedRequest> {
  return fc.constantFrom(...contract.operations).chain((operation) =>
    fc
      .tuple(
        often(
          fc.constant(operation.method),
          fc.constantFrom('HEAD', 'OPTIONS', 'PATCH', 'TRACE', 'GET', 'PUT', 'QUERY'),
        ),
        targets(operation, contract.parameters(operation)),
        headersOf(contract.parameters(operation)),
        bodies(operation),
        often(
          fc.constantFrom<Framing>('length', 'length', 'chunked'),
          fc.constantFrom<Framing>('too long', 'too short', 'twice', 'nonsense', 'broken chunks'),
        ),
        often(fc.constant<'1.1'>('1.1'), fc.constant<'1.0'>('1.0')),
      )
      .map(([method, target, headers, { type, body }, framing, version]) => {
        const typed = type === undefined ? headers : [...headers, ['Content-Type', type] as const];
        return new FuzzedRequest(method, target, typed, body, framing, version);
      }),
  );
}

function often<T>(usual: fc.Arbitrary<T>, rare: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: rare });
}

/** Mostly none or one, so that one thing is wrong at a time. */
function few<T>(some: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  return fc.oneof(fc.constant<T[]>([]), fc.array(some, { maxLength: 1 }), fc.array(some, { maxLength: 4 }));
}

function targets(
  { path }: ContractOperation,
  parameters: readonly ContractParameter[],
): fc.Arbitrary<string> {
  const names = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...STORED) },
    { weight: 3, arbitrary: fc.nat(20).map((number) => `new-${number}.bin`) },
    { weight: 3, arbitrary: hostileNames },
    { weight: 1, arbitrary: text.map((one) => encodeURIComponent(one)) },
  );
  const paths = names.map((name) => path.replace(/\{\w+\}/, () => name));
  const strange = fc.constantFrom(
    '*',
    '//',
    '/%',
    '',
    '?',
    '/\\',
    'http://x/latest',
    'http://x',
    '/./latest',
    '/../x',
    '/assets',
    '/x#y',
  );
  const query = few(
    fc.oneof(
      ...parameters
        .filter((one) => one.in === 'query')
        .map(({ name, values }) => fc.tuple(fc.constant(name), often(fc.constantFrom(...values), value))),
      fc.tuple(
        fc.constantFrom('__proto__', 'a[b][c]', 'overwrite[]', 'page', '%', '', 'format', 'digest'),
        value,
      ),
    ),
  );
  return fc
    .tuple(often(paths, strange), fc.constantFrom('', '', '', '', '', '', '/', '/%'), query)
    .map(([start, end, pairs]) => {
      const search = pairs
        .map(([name, one]) => `${name}=${one.replace(/[^!-~]|#/g, encodeURIComponent)}`)
        .join('&');
      return `${start}${end}${search === '' ? '' : `?${search}`}`;
    });
}

function headersOf(parameters: readonly ContractParameter[]): fc.Arbitrary<[string, string][]> {
  const own = parameters
    .filter((one) => one.in === 'header')
    .map(({ name, values }) => fc.tuple(fc.constant(name), fc.oneof(fc.constantFrom(...values), value)));
  const others = fc
    .constantFrom(...Object.keys(HEADERS))
    .chain((name) => fc.tuple(fc.constant(name), often(fc.constantFrom(...(HEADERS[name] ?? [])), value)));
  const some = few(fc.oneof(...own, ...own, others));
  const hosts = often<string[]>(
    fc.constant(['127.0.0.1']),
    fc.constantFrom<string[]>(
      [],
      [''],
      ['a', 'b'],
      ['"><script>'],
      ['a:99999999'],
      ['[::1]:80'],
      ['a b'],
      ['%'],
    ),
  );
  const token = fc.oneof(
    { weight: 7, arbitrary: fc.constant([`Bearer ${TOKEN}`]) },
    { weight: 3, arbitrary: fc.constantFrom<string[]>(...TOKENS) },
  );
  return fc
    .tuple(hosts, token, some)
    .map(([host, authorization, rest]) => [
      ...host.map((one): [string, string] => ['Host', one]),
      ...authorization.map((one): [string, string] => ['Authorization', one]),
      ...rest,
    ]);
}

interface Body {
  readonly type?: string;
  readonly body: Buffer;
}

function bodies({ method, path }: ContractOperation): fc.Arbitrary<Body> {
  const raw = fc.constantFrom(...CONTENTS).map((body) => ({ body }));
  const none = fc.constant({ body: Buffer.alloc(0) });
  if (path === '/upload')
    return often<Body>(fc.tuple(fc.constantFrom(...STORED), fc.constantFrom(...CONTENTS)).map(form), raw);
  return method === 'PUT' ? often(raw, none) : often(none, raw);
}

function form([name, content]: [string, Buffer]): { type: string; body: Buffer } {
  const head = `--X\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n\r\n`;
  return {
    type: 'multipart/form-data; boundary=X',
    body: Buffer.concat([Buffer.from(head), content, Buffer.from('\r\n--X--\r\n')]),
  };
}
