import { describe, expect, it } from '@jest/globals';

import { useBrowser } from './support/browser.js';
import { PACKAGES } from './support/packages.js';
import { choose, giveToken, uploadOf } from './support/publishing.js';
import { found, namesOn, rowOf } from './support/reading.js';
import { useSite } from './support/site.js';
import { DESK } from './support/variants.js';
import { expectWellMade } from './support/well-made.js';

/** Until somebody has signed in, the page itself is refused. */
const REFUSED = { expected: [401] };
const WORDS = 'What is stored here is shown to those who have a token.';

describe('the pages of a server whose reads ask for a token', () => {
  const site = useSite(PACKAGES, () => ({ READ_ACCESS: 'token' }));
  const browser = useBrowser();

  it.each(['packages', 'releases', 'latest'])('ask for it at /%s in words and tell nothing', async (path) => {
    const page = await browser.open(`${site.url}/${path}`, DESK, { ...REFUSED, reducedMotion: 'reduce' });
    await page.getByText(WORDS).waitFor();
    expect(await page.content()).not.toContain(PACKAGES[0]?.name);
    expect(await page.getByRole('button', { name: 'Sign in' }).isVisible()).toBe(path !== 'latest');
    expect(await page.getByRole('button', { name: 'Publish' }).isVisible()).toBe(false);
    await expectWellMade(page);
  });

  it('offer nothing without scripts that takes some', async () => {
    const page = await browser.open(`${site.url}/packages`, { ...DESK, scripts: false }, REFUSED);
    await page.getByText(WORDS).waitFor();
    expect(await page.getByRole('button').count()).toBe(0);
  });

  it('show the list to who has one, and take packages', async () => {
    const page = await browser.open(`${site.url}/packages`, DESK, REFUSED);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await giveToken(page, 'not-the-token');
    await page.getByRole('alert').getByText('The token is not valid.').waitFor();
    await giveToken(page);
    await rowOf(page, PACKAGES[0]?.name ?? '').waitFor();
    expect(await page.getByRole('button', { name: 'Sign in' }).isVisible()).toBe(false);

    const one = { name: 'private-v1.0.0.zip', content: Buffer.from('x') };
    await page.getByRole('button', { name: 'Publish', exact: true }).click();
    await choose(page, one);
    await uploadOf(page, one.name).getByText('Published', { exact: true }).waitFor();
    await rowOf(page, one.name).waitFor();
    await page.getByRole('searchbox').fill(one.name);
    await found(page, `1 package for ${one.name}`);
    expect(await namesOn(page)).toEqual([one.name]);

    // A link that is followed as any other is, without the token.
    const download = page.waitForEvent('download');
    await rowOf(page, one.name).getByRole('link', { name: one.name }).click();
    expect((await download).suggestedFilename()).toBe(one.name);

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText(WORDS).waitFor();
    expect(await page.content()).not.toContain(one.name);
    expect(await page.evaluate(() => [localStorage.length, sessionStorage.length])).toEqual([0, 0]);
  });

  it('show releases to who has one', async () => {
    const page = await browser.open(`${site.url}/releases`, DESK, REFUSED);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await giveToken(page);
    await page.getByRole('heading', { level: 2 }).first().waitFor();
    await page.getByRole('heading', { level: 2 }).first().getByRole('link').click();
    await page.getByRole('heading', { name: 'Packages' }).waitFor();
  });
});
