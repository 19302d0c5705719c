import { describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';

import { useBrowser } from './support/browser.js';
import { NAMES, PACKAGES } from './support/packages.js';
import { found } from './support/reading.js';
import { useSite } from './support/site.js';
import { DESK, SCRIPTED } from './support/variants.js';

describe('the keyboard alone', () => {
  const site = useSite(PACKAGES);
  const browser = useBrowser();

  describe.each(SCRIPTED)('$title', (variant) => {
    const open = () => browser.open(`${site.url}/packages?q=gemini`, variant);

    it('comes by everything in the order in which it is read, and always shows where it is', async () => {
      const page = await open();
      const walked: string[] = [];
      for (let at = await step(page); at !== undefined; at = await step(page)) walked.push(at);
      const ofPackage = (version: string): string[] => {
        const name = `spec-kit-template-gemini-sh-v${version}.zip`;
        return [
          `link v${version}`,
          `link ${name}`,
          `summary Commands for ${name}`,
          `button Copy the SHA-256 of ${name}`,
          `button Copy the curl line of ${name}`,
          `button Copy the verify line of ${name}`,
        ];
      };
      expect(walked).toEqual([
        'link Skip to the content',
        'link Release Server',
        'link Packages',
        'link Releases',
        'link API',
        'button Sign in',
        'button Publish',
        'button Copy the specify line',
        'searchbox Find packages',
        'button Search',
        'link Published, newest first',
        'link Name',
        'link Size',
        ...ofPackage('1.1.0'),
        ...ofPackage('1.0.0'),
        'link Latest release as JSON',
        'link Packages as JSON',
        'link OpenAPI',
      ]);
    });

    it('skips what is the same on every page', async () => {
      const page = await open();
      const asked: string[] = [];
      page.on('request', (request) => {
        if (request.resourceType() === 'fetch') asked.push(request.url());
      });
      await page.keyboard.press('Tab');
      const link = page.getByRole('link', { name: 'Skip to the content' });
      expect((await link.boundingBox())?.y).toBeGreaterThanOrEqual(0);
      await page.keyboard.press('Enter');
      await page.locator('main:focus').waitFor();
      await page.keyboard.press('Tab');
      expect(await focused(page)).toBe('button Copy the specify line');
      // Or what has the focus would be replaced a moment later.
      expect(asked).toEqual([]);
    });

    it('finds, walks over the packages and takes one without leaving the keys', async () => {
      const page = await browser.open(`${site.url}/packages`, variant);
      await page.keyboard.press('/');
      expect(await focused(page)).toBe('searchbox Find packages');
      await page.keyboard.type('v1.1');
      await found(page, '3 packages for v1.1');
      expect(await focused(page)).toBe('searchbox Find packages');
      const [, first, second] = NAMES;
      await page.keyboard.press('ArrowDown');
      expect(await focused(page)).toBe(`link ${first}`);
      await page.keyboard.press('ArrowDown');
      expect(await focused(page)).toBe(`link ${second}`);
      const download = page.waitForEvent('download');
      await page.keyboard.press('Enter');
      expect((await download).suggestedFilename()).toBe(second);
      await page.keyboard.press('ArrowUp');
      await page.keyboard.press('ArrowUp');
      expect(await focused(page)).toBe('searchbox Find packages');
      await page.keyboard.type('/');
      expect(await page.getByRole('searchbox').inputValue()).toContain('/');
    });
  });

  it('keeps its place when the order or the page is another', async () => {
    const page = await browser.open(`${site.url}/packages?per_page=4`, DESK);
    await page.getByRole('link', { name: 'Next' }).press('Enter');
    await found(page, '9 packages, page 2 of 3');
    await page.locator('#found:focus').waitFor();
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('link Published, newest first');
  });
});

/** Goes on by one; where that led, or undefined when it led out of the page. Fails where the focus cannot be seen. */
async function step(page: Page): Promise<string | undefined> {
  await page.keyboard.press('Tab');
  const shown = await page.evaluate(() => {
    const { activeElement } = document;
    if (activeElement === null || activeElement === document.body) return undefined;
    const { outlineStyle, outlineWidth } = getComputedStyle(activeElement);
    return outlineStyle === 'solid' && Number.parseFloat(outlineWidth) >= 2;
  });
  if (shown === undefined) return undefined;
  const at = await focused(page);
  expect([at, shown]).toEqual([at, true]);
  return at;
}

/** What has the focus, by its role and name. */
async function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const { activeElement } = document;
    if (activeElement === null) return 'nothing';
    const labels =
      activeElement instanceof HTMLInputElement ? activeElement.labels?.[0]?.textContent : undefined;
    const name = activeElement.getAttribute('aria-label') ?? labels ?? activeElement.textContent?.trim();
    const roles: Record<string, string> = {
      A: 'link',
      BUTTON: 'button',
      INPUT: 'searchbox',
      SUMMARY: 'summary',
    };
    return `${roles[activeElement.tagName]} ${name}`;
  });
}
