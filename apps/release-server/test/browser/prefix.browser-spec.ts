import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { sha256 } from '../support/client.js';
import { useBrowser } from './support/browser.js';
import { NAMES, PACKAGES } from './support/packages.js';
import { startPrefixProxy, type PrefixProxy } from './support/prefix-proxy.js';
import { choose, startPublishing } from './support/publishing.js';
import { found, namesOn, rowOf } from './support/reading.js';
import { useSite } from './support/site.js';
import { DESK, VARIANTS } from './support/variants.js';

const PREFIX = '/team/releases';

describe('behind a proxy that takes a path away', () => {
  let proxy: PrefixProxy;
  const browser = useBrowser();
  beforeAll(async () => {
    proxy = await startPrefixProxy(PREFIX);
  });
  afterAll(() => proxy.stop());

  describe.each([
    ['public_url', () => ({ PUBLIC_URL: proxy.url }), {}],
    ['X-Forwarded-Prefix', () => ({ TRUST_PROXY: 'loopback' }), { 'X-Forwarded-Prefix': PREFIX }],
  ])('of which the server knows by %s', (_, environment, headers) => {
    const site = useSite(PACKAGES, environment);
    beforeAll(() => proxy.forwardTo(site.url, headers));

    it.each(VARIANTS)('packages are found, sorted, paged and taken ($title)', async (variant) => {
      const page = await browser.open(`${proxy.url}/packages?per_page=4`, variant);
      await page.getByRole('link', { name: 'Next' }).click();
      await found(page, '9 packages, page 2 of 3');
      expect(await namesOn(page)).toEqual(NAMES.slice(4, 8));
      await page.getByRole('link', { name: 'Name' }).click();
      await page.getByText('Name, A to Z').waitFor();
      const search = page.getByRole('searchbox');
      await search.fill('gemini v1.1');
      await search.press('Enter');
      await found(page, '1 package for gemini v1.1');
      const [name = ''] = await namesOn(page);
      const downloading = page.waitForEvent('download');
      await page.getByRole('link', { name, exact: true }).click();
      const bytes = await (await (await downloading).createReadStream()).toArray();
      expect(
        await rowOf(page, name)
          .getByTitle(sha256(Buffer.concat(bytes)))
          .count(),
      ).toBe(1);
    });

    it('the lines to copy name the way through the proxy', async () => {
      const page = await browser.open(`${proxy.url}/packages`, DESK);
      await page.getByText(`--template-url '${proxy.url}/latest'`).waitFor();
    });

    it('packages are published and deleted', async () => {
      const page = await browser.open(`${proxy.url}/packages`, DESK);
      const name = 'new-v0.1.0.zip';
      await startPublishing(page);
      await choose(page, { name, content: Buffer.from('x') });
      await rowOf(page, name).waitFor();
      await page.getByRole('button', { name: `Delete ${name}` }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
      await found(page, '9 packages');
    });

    it('its root leads to the packages', async () => {
      const page = await browser.open(`${proxy.url}/`, DESK);
      await found(page, '9 packages');
      expect(page.url()).toBe(`${proxy.url}/packages`);
    });
  });

  describe('of which the server does not know', () => {
    const site = useSite(PACKAGES);
    beforeAll(() => proxy.forwardTo(site.url));

    it.each(['/packages', '/packages/'])(
      '%s finds its style, its script and its other pages',
      async (path) => {
        const page = await browser.open(`${proxy.url}${path}`, DESK, { expected: [404] });
        await page.getByRole('searchbox').fill('gemini');
        await found(page, '2 packages for gemini');
        await page.getByRole('link', { name: 'Size' }).click();
        await page.getByText('Size, largest first').waitFor();
        expect(await page.evaluate(() => getComputedStyle(document.body).display)).toBe('flex');
        await page.goto(`${proxy.url}/no/such/page/`);
        await page.getByRole('link', { name: 'All packages' }).click();
        await found(page, '9 packages');
      },
    );
  });
});
