import { describe, expect, it } from '@jest/globals';

import { eventually, useBrowser } from './support/browser.js';
import { LONG_NAME, NAMES, PACKAGES } from './support/packages.js';
import { found, namesOn, said } from './support/reading.js';
import { useSite } from './support/site.js';
import { SCRIPTED, VARIANTS } from './support/variants.js';

const BY_SIZE = PACKAGES.toSorted((a, b) => b.content.length - a.content.length).map(({ name }) => name);

describe('finding packages', () => {
  const site = useSite(PACKAGES);
  const browser = useBrowser();

  describe.each(VARIANTS)('$title', (variant) => {
    const open = (query = '') => browser.open(`${site.url}/packages${query}`, variant);

    it('shows what is stored by release, newest first, and which release is the latest', async () => {
      const page = await open();
      expect(await page.getByRole('heading', { level: 2 }).allTextContents()).toEqual([
        'Latest release v1.1.0',
        'v2.0.0-rc.1',
        'v1.1.0',
        'v1.0.0',
        'Without a version',
      ]);
      expect(await namesOn(page)).toEqual(NAMES);
      const v1 = page.getByRole('region', { name: 'v1.1.0', exact: true });
      await v1.getByText('latest').waitFor();
      await v1.getByText('4 days ago · 3 packages · 11.4 KiB').waitFor();
      await page.getByRole('region', { name: 'v2.0.0-rc.1' }).getByText('pre-release').waitFor();
      await said(page, '9 of at most 200; beyond that the oldest leave').waitFor();
    });

    it('finds the packages that have all words in their names, and keeps the words', async () => {
      const page = await open();
      const search = page.getByRole('searchbox', { name: 'Find packages' });
      await search.fill('1.1 GEMINI');
      await search.press('Enter');
      await found(page, '1 package for 1.1 GEMINI');
      expect(await namesOn(page)).toEqual(['spec-kit-template-gemini-sh-v1.1.0.zip']);
      expect(await search.inputValue()).toBe('1.1 GEMINI');
      expect(await page.title()).toBe('1.1 GEMINI – Packages – Release Server');
    });

    it('says so where nothing is found, and leads back to all packages', async () => {
      const page = await open('?q=no+such');
      await said(page, 'No package has all these words in its name.').waitFor();
      expect(await namesOn(page)).toEqual([]);
      await page.getByRole('link', { name: 'Show all packages' }).click();
      await found(page, '9 packages');
      expect(await page.getByRole('searchbox').inputValue()).toBe('');
      expect(await namesOn(page)).toEqual(NAMES);
    });

    it('sorts, turns the order round, and keeps it for a search', async () => {
      const page = await open();
      const order = page.getByRole('navigation', { name: 'Order' });
      await order.getByRole('link', { name: 'Size' }).click();
      await order.getByText('Size, largest first').waitFor();
      expect(await namesOn(page)).toEqual(BY_SIZE);
      await order.getByRole('link', { name: 'Size, largest first' }).click();
      await order.getByText('Size, smallest first').waitFor();
      expect(await namesOn(page)).toEqual(BY_SIZE.toReversed());
      const search = page.getByRole('searchbox');
      await search.fill('v1.1');
      await page.getByRole('button', { name: 'Search' }).click();
      await found(page, '3 packages for v1.1');
      expect(await namesOn(page)).toEqual(BY_SIZE.toReversed().filter((name) => name.includes('v1.1')));
    });

    it('turns pages, and back', async () => {
      const page = await open('?sort=name&per_page=4');
      const sorted = NAMES.toSorted();
      const pages = page.getByRole('navigation', { name: 'Pages' });
      await found(page, '9 packages, page 1 of 3');
      expect(await namesOn(page)).toEqual(sorted.slice(0, 4));
      await pages.getByRole('link', { name: 'Next' }).click();
      await found(page, '9 packages, page 2 of 3');
      expect(await namesOn(page)).toEqual(sorted.slice(4, 8));
      await pages.getByRole('link', { name: 'Page 3' }).click();
      await found(page, '9 packages, page 3 of 3');
      expect(await namesOn(page)).toEqual([LONG_NAME]);
      expect(await pages.locator('[aria-current=page]').textContent()).toBe('3');
      await page.goBack();
      await found(page, '9 packages, page 2 of 3');
      await pages.getByRole('link', { name: 'Previous' }).click();
      await found(page, '9 packages, page 1 of 3');
    });

    it('goes back from a search to all packages', async () => {
      const page = await open();
      const search = page.getByRole('searchbox');
      await search.fill('gemini');
      await search.press('Enter');
      await found(page, '2 packages for gemini');
      await page.goBack();
      await found(page, '9 packages');
      expect(await namesOn(page)).toEqual(NAMES);
      expect(await search.inputValue()).toBe('');
      await page.goForward();
      await found(page, '2 packages for gemini');
      expect(await search.inputValue()).toBe('gemini');
    });
  });

  describe.each(SCRIPTED)('$title', (variant) => {
    it('finds while somebody types, who may go on typing', async () => {
      const page = await browser.open(`${site.url}/packages`, variant);
      const search = page.getByRole('searchbox');
      await search.pressSequentially('gem');
      await found(page, '2 packages for gem');
      await page.keyboard.type('ini v1.0');
      await found(page, '1 package for gemini v1.0');
      expect(await namesOn(page)).toEqual(['spec-kit-template-gemini-sh-v1.0.0.zip']);
      expect(new URL(page.url()).search).toBe('?q=gemini+v1.0');
      await eventually(() => page.getByRole('status').textContent(), '1 package for gemini v1.0');
      await search.fill('');
      await found(page, '9 packages');
      expect(new URL(page.url()).search).toBe('');
    });

    it('says where the list should be that it cannot be loaded, and loads it on another try', async () => {
      const page = await browser.open(`${site.url}/packages`, variant, { expected: [502] });
      await page.route('**/packages?*', (route) =>
        route.fulfill({ status: 502, contentType: 'text/html', body: '<title>Bad Gateway</title>' }),
      );
      await page.getByRole('searchbox').fill('gemini');
      await said(page, 'The list could not be loaded: Bad Gateway.').waitFor();
      expect(await namesOn(page)).toEqual([]);
      await page.unrouteAll();
      await page.getByRole('link', { name: 'Try again' }).click();
      await found(page, '2 packages for gemini');
      expect(await namesOn(page)).toHaveLength(2);
    });
  });
});
