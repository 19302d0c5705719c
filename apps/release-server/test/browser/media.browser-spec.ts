import { describe, expect, it } from '@jest/globals';

import { sha256 } from '../support/client.js';
import { useBrowser } from './support/browser.js';
import { PACKAGES } from './support/packages.js';
import { rowOf } from './support/reading.js';
import { useSite } from './support/site.js';
import { DESK, VARIANTS } from './support/variants.js';

describe('other ways of looking at the packages', () => {
  const site = useSite(PACKAGES);
  const browser = useBrowser();

  it.each(VARIANTS)('on paper there are whole digests and nothing to press ($title)', async (variant) => {
    const page = await browser.open(`${site.url}/packages?per_page=4`, variant);
    await page.emulateMedia({ media: 'print' });
    for (const role of ['button', 'searchbox', 'navigation', 'contentinfo'] as const)
      expect(await page.getByRole(role).count()).toBe(0);
    for (const { name, content } of PACKAGES.slice(0, 4)) {
      const digest = rowOf(page, name).getByRole('code');
      // The text of a style sheet is not that of the page.
      const printed = await digest.evaluate((code) => getComputedStyle(code, '::after').content);
      expect(JSON.parse(printed)).toBe(sha256(content));
    }
  });

  it.each([
    ['reduce', 0],
    ['no-preference', 1],
  ] as const)('where motion is asked for as %s, that is what there is', async (reducedMotion, moving) => {
    const page = await browser.open(`${site.url}/packages`, DESK, { reducedMotion });
    const found = await page.evaluate(
      () =>
        [...document.querySelectorAll('*')].filter((one) => {
          const { transitionDuration, animationName, scrollBehavior } = getComputedStyle(one);
          return /[1-9]/.test(transitionDuration) || animationName !== 'none' || scrollBehavior === 'smooth';
        }).length,
    );
    expect(Math.min(found, 1)).toBe(moving);
  });

  it('a long name is broken, and its row has all that others have', async () => {
    for (const width of [320, 360, 1280]) {
      const page = await browser.open(`${site.url}/packages?q=xxx`, { ...DESK, width });
      const link = page.getByRole('rowheader').getByRole('link');
      const box = await link.boundingBox();
      const lineHeight = await link.evaluate((name) => Number.parseFloat(getComputedStyle(name).lineHeight));
      expect(box?.height).toBeGreaterThan(1.5 * lineHeight);
      await page.getByRole('button', { name: /^Copy the curl line of xxx/ }).waitFor();
      await page.getByText('100 bytes', { exact: true }).last().waitFor();
    }
  });
});
