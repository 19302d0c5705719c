import { describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';

import { get } from '../support/client.js';
import { useBrowser } from './support/browser.js';
import { PACKAGES } from './support/packages.js';
import { useSite } from './support/site.js';
import { DESK } from './support/variants.js';
import { expectNoSidewaysScrolling, expectValidHtml, expectWellMade, WIDTHS } from './support/well-made.js';

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
    title: 'the commands of all packages',
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

describe('every state of the pages', () => {
  const browser = useBrowser();

  describe('with packages, one of which has the longest name', () => {
    const site = useSite(PACKAGES);
    describe.each(STATES)('$title', (state) => {
      itIsWellMade(site, state);
    });
  });

  describe('an empty store', () => {
    itIsWellMade(useSite([]), { title: '', path: '/packages', heading: 'Packages' });
  });

  describe('an empty store that is read-only', () => {
    const site = useSite([], () => ({ READ_ONLY: 'true', AUTH_TOKEN: '' }));
    itIsWellMade(site, { title: '', path: '/packages', heading: 'Packages' });
  });

  function itIsWellMade(site: { readonly url: string }, { path, heading, status, act }: State): void {
    const open = async (scripts: boolean): Promise<Page> => {
      const page = await browser.open(
        `${site.url}${path}`,
        { ...DESK, scripts },
        // Colours are looked at when they have changed.
        { expected: [status ?? 200], reducedMotion: 'reduce' },
      );
      await act?.(page);
      return page;
    };

    it('is sent as valid HTML', async () => {
      await expectValidHtml(await (await get(site, path, { Accept: 'text/html' })).text());
    });

    it('is valid and accessible as the browser shows it, and fits every screen', async () => {
      const page = await open(true);
      expect(await page.getByRole('heading', { level: 1 }).allTextContents()).toEqual([heading]);
      await expectWellMade(page);
    });

    it('fits every screen without scripts', async () => {
      const page = await open(false);
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 800 });
        await expectNoSidewaysScrolling(page);
      }
    });
  }
});
