import { describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';

import { useBrowser } from './support/browser.js';
import { PACKAGES } from './support/packages.js';
import { useSite } from './support/site.js';
import { VARIANTS } from './support/variants.js';
import { expectAccessible, expectNoSidewaysScrolling, expectValidHtml } from './support/well-made.js';

/** CSS pixels: the narrowest of WCAG 2.2 §1.4.10, and a screen of 4K. */
const EXTREMES = [320, 3840];

interface State {
  readonly title: string;
  readonly path: string;
  /** Level-1 heading. */
  readonly heading: string;
  readonly status?: number;
  /** What is done when it is open. */
  readonly act?: (page: Page) => Promise<void>;
}

const STATES: readonly State[] = [
  { title: 'the list by release', path: '/packages', heading: 'Packages' },
  {
    title: 'the list by name, with pages',
    path: '/packages?sort=name&per_page=2&page=2',
    heading: 'Packages',
  },
  {
    title: 'the commands of a package',
    path: '/packages',
    heading: 'Packages',
    act: async (page) => {
      for (const summary of await page.getByText('commands', { exact: true }).all()) await summary.click();
    },
  },
  { title: 'a search', path: '/packages?q=claude', heading: 'Packages' },
  { title: 'a search without a hit', path: `/packages?q=${'y'.repeat(200)}`, heading: 'Packages' },
  { title: 'a page beyond the last', path: '/packages?page=9', heading: 'Packages' },
  {
    title: 'an address that leads nowhere',
    path: `/${'z'.repeat(500)}`,
    heading: 'There is nothing at this address',
    status: 404,
  },
  {
    title: 'a parameter that is none',
    path: '/packages?sort=colour',
    heading: 'A parameter is not valid',
    status: 422,
  },
];

describe('every state is valid, accessible and fits its screen', () => {
  const site = useSite(PACKAGES);
  const empty = useSite([]);
  const readOnly = useSite([], () => ({ READ_ONLY: 'true', AUTH_TOKEN: '' }));
  const browser = useBrowser();

  describe.each(VARIANTS)('$title', (variant) => {
    it.each(STATES)('$title', async ({ path, heading, status, act }) => {
      const page = await browser.open(`${site.url}${path}`, variant, { expected: [status ?? 200] });
      await act?.(page);
      await expectWellMade(page, heading);
    });

    it.each([
      ['an empty store', empty],
      ['an empty store that is read-only', readOnly],
    ])('%s', async (_, { url }) => {
      const page = await browser.open(`${url}/packages`, variant);
      await page.getByRole('heading', { name: 'No packages yet' }).waitFor();
      await expectWellMade(page, 'Packages');
    });

    async function expectWellMade(page: Page, heading: string): Promise<void> {
      expect(await page.getByRole('heading', { level: 1 }).allTextContents()).toEqual([heading]);
      const sent = await page.request.get(page.url(), { headers: { Accept: 'text/html' } });
      await expectValidHtml(await sent.text());
      await expectNoSidewaysScrolling(page);
      if (!variant.scripts) return;
      await expectAccessible(page);
      await expectValidHtml(await page.content());
    }
  });

  it.each(EXTREMES)('at %d px', async (width) => {
    for (const scripts of [true, false]) {
      for (const { path, status, act } of STATES) {
        const page = await browser.open(
          `${site.url}${path}`,
          { title: '', colours: 'light', width, scripts },
          { expected: [status ?? 200] },
        );
        await act?.(page);
        await expectNoSidewaysScrolling(page);
      }
    }
  });
});
