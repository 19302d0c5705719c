import { describe, expect, it } from '@jest/globals';

import { useBrowser } from './support/browser.js';
import { PACKAGES } from './support/packages.js';
import { found } from './support/reading.js';
import { useSite } from './support/site.js';
import { DESK, VARIANTS } from './support/variants.js';

describe('an error in a browser is a page like the others', () => {
  const site = useSite(PACKAGES);
  const browser = useBrowser();

  it.each(VARIANTS)('that says what happened and leads back to the packages ($title)', async (variant) => {
    const page = await browser.open(`${site.url}/assets/gone.zip`, variant, { expected: [404] });
    await page.getByText('404', { exact: true }).waitFor();
    await page.getByText('gone.zip').waitFor();
    await page.getByText('Code: package_not_found').waitFor();
    expect(await page.title()).toMatch(/^404 /);
    await page.getByRole('link', { name: 'All packages' }).click();
    await found(page, '9 packages');
  });

  it.each([
    ['/packages?page=0', 422, 'page: expected a whole number from 1.'],
    ['/upload', 405, 'GET is not possible at /upload; possible: POST.'],
    ['/assets/%ff', 400, 'The address cannot be decoded.'],
    ['/docs/nothing/here', 404, 'There is nothing at /docs/nothing/here.'],
    ['/static/none.css', 404, 'There is nothing at /static/none.css.'],
  ])('%s', async (path, status, says) => {
    const page = await browser.open(`${site.url}${path}`, DESK, { expected: [status] });
    await page.getByText(String(status), { exact: true }).waitFor();
    await page.getByText(says).waitFor();
    await page.getByRole('link', { name: 'All packages' }).click();
    await found(page, '9 packages');
  });

  it('a form of another page, without a token, is told so', async () => {
    const page = await browser.open(`${site.url}/packages`, DESK, { expected: [401] });
    await page.evaluate(() => {
      const form = document.createElement('form');
      form.action = 'upload';
      form.method = 'post';
      form.enctype = 'multipart/form-data';
      document.body.append(form);
      form.submit();
    });
    await page.getByText('401', { exact: true }).waitFor();
    await page.getByText('Code: unauthorized').waitFor();
    await page.getByRole('link', { name: 'All packages' }).click();
    await found(page, '9 packages');
  });
});
