import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from '@jest/globals';

import { eventually, useBrowser } from './support/browser.js';
import { NAMES, PACKAGES } from './support/packages.js';
import { found, namesOn } from './support/reading.js';
import { useSite } from './support/site.js';
import { DESK } from './support/variants.js';

const RIGHT_TO_LEFT_OVERRIDE = '\u{202E}';

/** Names that are none: whoever can write into the directory can give them. */
const FILES = [
  '<img src=x onerror=alert(1)>',
  `"><svg onload=alert(1)>.zip`,
  `${RIGHT_TO_LEFT_OVERRIDE}piz.exe`,
  'two words.zip',
];

const WORDS = [
  '<script>alert(1)</script>',
  `"><img src=x onerror=alert(1)>`,
  `' onfocus=alert(1) autofocus='`,
  '</title></style></textarea><svg onload=alert(1)>',
  '&lt;b&gt; &amp;quot;',
  'javascript:alert(1)',
  '${7*7}{{7*7}}',
  `${RIGHT_TO_LEFT_OVERRIDE}drawkcab`,
  'שלום',
  '%',
  'w'.repeat(200),
];

describe('hostile text is shown as text', () => {
  const site = useSite(PACKAGES);
  const browser = useBrowser();

  beforeAll(async () => {
    for (const name of FILES) await writeFile(join(site.directory, name), 'x');
  });

  it('files whose names are none are not shown at all', async () => {
    // What lies there is listed within a second: this one shows that it has been looked at.
    await writeFile(join(site.directory, 'witness.zip'), 'x');
    const page = await browser.open(`${site.url}/packages?sort=name`, DESK);
    await eventually(
      async () => {
        await page.reload();
        return namesOn(page);
      },
      [...NAMES, 'witness.zip'].toSorted(),
    );
    expect(await page.content()).not.toMatch(/onerror|onload|piz|two words/);
  });

  it.each(WORDS)('what somebody searches for: %s', async (words) => {
    const page = await browser.open(`${site.url}/packages?${new URLSearchParams({ q: words })}`, DESK);
    await found(page, `0 packages for ${words}`);
    expect(await page.title()).toBe(`${words} – Packages – Release Server`);
    expect(await page.getByRole('searchbox').inputValue()).toBe(words);
  });

  it.each(WORDS)('what somebody types: %s', async (words) => {
    const page = await browser.open(`${site.url}/packages`, DESK);
    await page.getByRole('searchbox').fill(words);
    await found(page, `0 packages for ${words}`);
    expect(new URL(page.url()).searchParams.get('q')).toBe(words);
    await eventually(() => page.getByRole('status').textContent(), `0 packages for ${words}`);
    await eventually(() => page.title(), `${words} – Packages – Release Server`);
    await page.reload();
    await found(page, `0 packages for ${words}`);
  });

  it.each(WORDS)('what an error tells of: %s', async (words) => {
    const path = `/${encodeURIComponent(words)}`;
    const page = await browser.open(`${site.url}${path}`, DESK, { expected: [404] });
    await page.getByText('404', { exact: true }).waitFor();
    expect(await page.getByRole('article').locator('bdi').textContent()).toContain(path);
    expect(await page.getByRole('main').locator('script, img, svg, iframe').count()).toBe(0);
  });

  it('text that turns the direction round does not turn what follows it', async () => {
    const words = `${RIGHT_TO_LEFT_OVERRIDE}drawkcab`;
    const page = await browser.open(`${site.url}/packages?${new URLSearchParams({ q: words })}`, DESK);
    const quote = await page.getByText(words).evaluateAll(([shown]) => {
      const text = document.createRange();
      text.selectNodeContents(shown as Element);
      const marks = (shown as Element).closest('q')?.getBoundingClientRect() ?? new DOMRect();
      const { left, right } = text.getBoundingClientRect();
      return { opensBefore: marks.left < left, closesAfter: marks.right > right };
    });
    expect(quote).toEqual({ opensBefore: true, closesAfter: true });
  });
});
