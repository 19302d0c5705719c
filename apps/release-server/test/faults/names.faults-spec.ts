import { readdir } from 'node:fs/promises';

import { put } from '../support/client.js';
import { rawRequest } from '../support/raw.js';
import { row } from './support/row.js';
import { BEARER } from './support/wire.js';

const OWN = 'releases.example.org';
const LINE = '\r\n';
const READS = [
  '/latest',
  '/packages',
  '/packages?format=json',
  '/assets/a.zip',
  '/',
  '/docs',
  '/openapi.yaml',
];

/** What a request that must be refused with 421 has, and what it is. */
const STRANGERS: readonly (readonly [string, string, readonly string[]])[] = [
  ['stranger.example', '', ['Host: stranger.example']],
  ['strangerexample.com', '', ['Host: strangerexample.com']],
  ['a name that begins like an address', '', ['Host: 127.0.0.1.stranger.example']],
  ['a stranger as target', 'http://stranger.example', [`Host: ${OWN}`]],
  ['a stranger of the proxy', '', [`Host: ${OWN}`, 'X-Forwarded-Host: stranger.example']],
  ['a stranger behind the proxy', '', ['Host: stranger.example', `X-Forwarded-Host: ${OWN}`]],
];
/** What a browser says of a write of another page. */
const PAGES: readonly (readonly string[])[] = [
  ['Origin: https://stranger.example'],
  ['Origin: null'],
  [`Origin: http://${OWN}:8001`],
  ['Sec-Fetch-Site: cross-site'],
  ['Sec-Fetch-Site: same-site', `Origin: http://${OWN}`],
  ['Sec-Fetch-Site: cross-site', `Origin: http://${OWN}`],
];

row(
  'X5',
  'strangers as hosts where allowed_hosts is set, and writes of pages of other origins: 421 and 403',
  { rounds: { usual: 5, long: 500, of: 'rounds' } },
  async ({ server: start, rounds, directory }) => {
    const server = await start({ ALLOWED_HOSTS: `${OWN},*.example.com`, TRUST_PROXY: 'loopback' });
    const ask = async (line: string, headers: readonly string[], body = ''): Promise<number> => {
      const length = body === '' ? [] : [`Content-Length: ${body.length}`];
      const head = [`${line} HTTP/1.1`, 'Connection: close', ...headers, ...length, '', body];
      return (await rawRequest(server.port, head.join(LINE), 5000)).status;
    };
    await put(server, 'a.zip', 'x');
    for (let round = 0; round < rounds; round++) {
      for (const [what, base, headers] of STRANGERS) {
        for (const path of READS) {
          const status = await ask(`GET ${base}${path}`, headers);
          expect(`${what}, ${path}: ${status}`).toBe(`${what}, ${path}: 421`);
        }
        const status = await ask(`PUT ${base}/assets/b.zip`, [BEARER, ...headers], 'x');
        expect(`${what}, a write: ${status}`).toBe(`${what}, a write: 421`);
        expect(`a probe: ${await ask(`GET ${base}/healthz`, headers)}`).toBe('a probe: 200');
      }
      for (const headers of PAGES) {
        const status = await ask('PUT /assets/b.zip', [`Host: ${OWN}`, BEARER, ...headers], 'x');
        const says = JSON.stringify(headers.map((header) => header.split(': ')[1]));
        expect(`${says}: ${status}`).toBe(`${says}: 403`);
      }
    }
    expect((await readdir(directory)).filter((name) => !name.startsWith('.'))).toEqual(['a.zip']);
    for (const host of [OWN, 'a.example.com', 'localhost', '127.0.0.1']) {
      expect(await ask('PUT /assets/b.zip?overwrite=true', [`Host: ${host}`, BEARER], 'x')).toBeLessThan(300);
    }
  },
);
