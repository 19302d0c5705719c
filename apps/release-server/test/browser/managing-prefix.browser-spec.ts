import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { useBrowser } from './support/browser.js';
import { draft, manage, sayTwice } from './support/managing.js';
import { PACKAGES } from './support/packages.js';
import { startPrefixProxy, type PrefixProxy } from './support/prefix-proxy.js';
import { choose, uploadOf } from './support/publishing.js';
import { useSite } from './support/site.js';
import { DESK } from './support/variants.js';

const PREFIX = '/team/releases';

describe('releases behind a proxy that takes a path away, of which the server does not know', () => {
  let proxy: PrefixProxy;
  const browser = useBrowser();
  const site = useSite(PACKAGES);
  beforeAll(async () => {
    proxy = await startPrefixProxy(PREFIX);
    proxy.forwardTo(site.url);
  });
  afterAll(() => proxy.stop());

  it.each([
    ['/releases', 'v8.0.0'],
    ['/releases/', 'v8.1.0'],
    ['/acme/tool/releases', 'cli/v8.2.0'],
  ])(
    'are drafted from %s, filled and published, and every other page is found from there',
    async (path, tag) => {
      const page = await browser.open(`${proxy.url}${path}`, DESK);
      await manage(page);
      await draft(page, { tag });
      expect(page.url()).toBe(`${proxy.url}/releases/tag/${encodeURIComponent(tag)}`);
      await choose(page, { name: 'tool', content: Buffer.from('tool') });
      await uploadOf(page, 'tool').getByText('Uploaded', { exact: true }).waitFor();
      await sayTwice(page, 'Publish release', 'Publish');
      await page.getByRole('button', { name: 'Delete release' }).waitFor();
      const pages = page.getByRole('navigation', { name: 'Server' });
      await pages.getByRole('link', { name: 'Releases' }).click();
      await page.getByRole('heading', { level: 1, name: 'Releases' }).waitFor();
      await page.getByRole('main').getByRole('link', { name: tag, exact: true }).waitFor();
      await pages.getByRole('link', { name: 'Packages' }).click();
      await page.waitForURL(`${proxy.url}/packages`);
    },
  );
});
