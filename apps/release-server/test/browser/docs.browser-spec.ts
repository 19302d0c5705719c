import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { load } from 'js-yaml';

import { get } from '../support/client.js';
import { useBrowser } from './support/browser.js';
import { PACKAGES } from './support/packages.js';
import { startPrefixProxy, type PrefixProxy } from './support/prefix-proxy.js';
import { useSite } from './support/site.js';
import { DESK, SCRIPTED } from './support/variants.js';
import { expectAccessible, expectNoSidewaysScrolling, expectValidHtml } from './support/well-made.js';

interface Contract {
  readonly paths: Record<string, Record<string, unknown>>;
}

const METHODS = ['get', 'head', 'put', 'post', 'patch', 'delete'];

describe('the contract as a page', () => {
  const site = useSite(PACKAGES);
  const browser = useBrowser();

  it.each(SCRIPTED)('shows every operation ($title)', async (variant) => {
    const page = await browser.open(`${site.url}/docs`, variant);
    const { paths } = load(await (await get(site, '/openapi.yaml')).text()) as Contract;
    const operations = Object.entries(paths).flatMap(([path, item]) =>
      METHODS.filter((method) => method in item).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const shown = page.locator('.opblock-summary-control');
    await shown.first().waitFor();
    const texts = await shown.locator('.opblock-summary-method, .opblock-summary-path').allTextContents();
    const pairs = texts.flatMap((method, at) => (at % 2 === 0 ? [`${method} ${texts[at + 1]}`] : []));
    expect(pairs.map((pair) => pair.replaceAll('\u{200B}', '')).toSorted()).toEqual(operations.toSorted());
    await expectNoSidewaysScrolling(page);
  });

  it('is valid as it is sent, and accessible where it is ours', async () => {
    await expectValidHtml(await (await get(site, '/docs', { Accept: 'text/html' })).text());
    const page = await browser.open(`${site.url}/docs`, DESK);
    await page.locator('.opblock-summary-control').first().waitFor();
    // Swagger UI brings a main of its own, within ours.
    await expectAccessible(page, ['landmark-no-duplicate-main']);
  });

  it('names the file to who has no scripts', async () => {
    const page = await browser.open(`${site.url}/docs`, { ...DESK, scripts: false });
    const link = page.getByRole('main').getByRole('link', { name: 'openapi.yaml' });
    expect(new URL((await link.getAttribute('href')) ?? '', page.url()).href).toBe(
      `${site.url}/openapi.yaml`,
    );
  });

  describe('requests can be tried out on it', () => {
    let proxy: PrefixProxy;
    beforeAll(async () => {
      proxy = await startPrefixProxy('/team/releases');
    });
    afterAll(() => proxy.stop());
    const known = useSite(PACKAGES, () => ({ PUBLIC_URL: proxy.url }));

    it.each([
      ['directly', () => site.url, undefined],
      ['behind a proxy that takes a path away', () => proxy.url, () => site.url],
      ['behind one that public_url tells of', () => proxy.url, () => known.url],
    ])('%s', async (_, address, target) => {
      if (target !== undefined) proxy.forwardTo(target());
      const page = await browser.open(`${address()}/docs`, DESK);
      const operation = page
        .locator('.opblock')
        .filter({ has: page.getByText('/packages', { exact: true }) });
      await operation.getByRole('button').first().click();
      await operation.getByPlaceholder('q', { exact: true }).fill('gemini v1.1');
      await operation.getByPlaceholder('release', { exact: true }).fill('v1.1.0');
      await operation.getByPlaceholder('page', { exact: true }).fill('1');
      await operation.getByRole('button', { name: 'Execute' }).click();
      const live = operation.locator('.live-responses-table');
      await live.getByText('200', { exact: true }).first().waitFor();
      await live.getByText('"spec-kit-template-gemini-sh-v1.1.0.zip"').waitFor();
      expect(await operation.locator('.request-url').textContent()).toContain(`${address()}/packages`);
    });
  });
});
