import { describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';

import { useBrowser } from './support/browser.js';
import { PLAIN_HOST } from './support/chromium.js';
import { releases } from './support/packages.js';
import { found, namesOn } from './support/reading.js';
import { useSite } from './support/site.js';
import { DESK } from './support/variants.js';

/** Of the first page, with everything that it loads, in bytes on the wire. */
const MOST = 60_000;

/** Something that a page loaded. */
interface Loaded {
  readonly url: string;
  readonly coding: string | undefined;
  readonly cacheControl: string | undefined;
  /** Head and body as they came over the wire. */
  readonly bytes: number;
  /** Whether it stands in the HTML, so that it is asked for when the HTML is there. */
  readonly namedByPage: boolean;
}

describe('what a page weighs', () => {
  const site = useSite(releases(30));
  const browser = useBrowser();

  it.each([
    ['br', '127.0.0.1'],
    // Browsers read it only from where nobody can have changed it on the way.
    ['gzip', PLAIN_HOST],
  ])(
    'the first hundred packages are less than 60 kB with all that is loaded, as %s',
    async (coding, host) => {
      const server = `http://${host}:${site.server.port}`;
      const page = await browser.open(`${server}/latest`, DESK);
      const loaded = await loading(page, `${server}/packages`);
      await found(page, '120 packages, page 1 of 2');
      expect(await namesOn(page)).toHaveLength(100);
      expect(loaded.map(({ url }) => new URL(url).pathname.replace(/-\w+\./, '.'))).toEqual([
        '/packages',
        '/static/icon.svg',
        '/static/page.js',
        '/static/pages.css',
      ]);
      expect(new Set(loaded.map((one) => one.coding))).toEqual(new Set([coding]));
      expect(loaded.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(MOST);
    },
  );

  it('the releases are less than half of that', async () => {
    const page = await browser.open(`${site.url}/latest`, DESK);
    const loaded = await loading(page, `${site.url}/releases`);
    expect(loaded.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(MOST / 2);
  });

  it.each(['/packages', '/releases', '/no-such-page'])(
    'all that %s loads is named in its HTML, and kept for ever',
    async (path) => {
      const page = await browser.open(`${site.url}/latest`, DESK, { expected: [404] });
      const [, ...parts] = await loading(page, `${site.url}${path}`);
      expect(parts.length).toBeGreaterThan(1);
      expect(parts.filter(({ namedByPage }) => !namedByPage)).toEqual([]);
      expect(new Set(parts.map(({ cacheControl }) => cacheControl))).toEqual(
        new Set(['public, max-age=31536000, immutable']),
      );
    },
  );

  it('whoever comes back loads the page only', async () => {
    const page = await browser.open(`${site.url}/latest`, DESK);
    await loading(page, `${site.url}/packages`);
    const again = await loading(page, `${site.url}/packages?q=claude`);
    expect(again.map(({ url }) => url)).toEqual([`${site.url}/packages?q=claude`]);
  });
});

/** Goes to an address; what came over the wire for it, the page first, then the rest by name. */
async function loading(page: Page, address: string): Promise<Loaded[]> {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  const loaded = new Map<string, Loaded>();
  session.on('Network.requestWillBeSent', ({ requestId, documentURL, request, initiator }) => {
    // The page before, which is JSON and names no icon, may still be asking for one.
    if (documentURL !== address) return;
    const namedByPage = initiator.type === 'parser' && initiator.url === address;
    loaded.set(requestId, {
      url: request.url,
      bytes: 0,
      namedByPage,
      coding: undefined,
      cacheControl: undefined,
    });
  });
  const add = (requestId: string, more: Partial<Loaded>): void => {
    const one = loaded.get(requestId);
    if (one !== undefined) loaded.set(requestId, { ...one, ...more });
  };
  session.on('Network.responseReceived', ({ requestId, response: { headers } }) =>
    add(requestId, { coding: headers['Content-Encoding'], cacheControl: headers['Cache-Control'] }),
  );
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) =>
    add(requestId, { bytes: encodedDataLength }),
  );
  await page.goto(address, { waitUntil: 'networkidle' });
  await session.detach();
  const [first, ...parts] = [...loaded.values()].filter(({ bytes }) => bytes > 0);
  return first === undefined ? [] : [first, ...parts.sort((a, b) => (a.url < b.url ? -1 : 1))];
}
