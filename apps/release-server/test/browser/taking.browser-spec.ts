import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { promisify } from 'node:util';

import { describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';

import { sha256 } from '../support/client.js';
import { makeDirectory } from '../support/process.js';
import { useBrowser } from './support/browser.js';
import { PLAIN_HOST } from './support/chromium.js';
import { PACKAGES } from './support/packages.js';
import { rowOf } from './support/reading.js';
import { useSite } from './support/site.js';
import { DESK, SCRIPTED, VARIANTS } from './support/variants.js';

const [, { name: NAME, content: CONTENT }] = PACKAGES as [unknown, (typeof PACKAGES)[number]];
const DIGEST = sha256(CONTENT);

describe('taking a package', () => {
  const site = useSite(PACKAGES);
  const browser = useBrowser();

  describe.each(VARIANTS)('$title', (variant) => {
    it('downloads the bytes that the shown digest tells of', async () => {
      const page = await browser.open(`${site.url}/packages`, variant);
      const shown = rowOf(page, NAME).getByText(DIGEST.slice(0, 12), { exact: true });
      expect(await shown.getAttribute('title')).toBe(DIGEST);
      const downloading = page.waitForEvent('download');
      await page.getByRole('link', { name: NAME, exact: true }).click();
      const download = await downloading;
      expect(download.suggestedFilename()).toBe(NAME);
      expect(sha256(Buffer.concat(await createReadStream(await download.path()).toArray()))).toBe(DIGEST);
      expect(page.url()).toBe(`${site.url}/packages`);
    });

    it('shows command lines that download and verify it', async () => {
      const page = await browser.open(`${site.url}/packages`, variant);
      const row = rowOf(page, NAME);
      const lines = row.locator('pre');
      expect(await lines.first().isVisible()).toBe(false);
      await row.getByText('commands').click();
      await row.getByText(`curl -fL -o '${NAME}' '${site.url}/assets/${NAME}'`).waitFor();
      await row.getByText(`printf '%s  %s\\n' '${DIGEST}' '${NAME}' | sha256sum -c -`).waitFor();
      if (variant.scripts) expect(await run(await lines.allTextContents())).toContain(`${NAME}: OK`);
    });
  });

  describe.each(SCRIPTED)('$title', (variant) => {
    it('copies the digest and the command lines, and says so', async () => {
      const page = await browser.open(`${site.url}/packages`, variant);
      expect(await copied(page, `Copy the SHA-256 of ${NAME}`)).toBe(DIGEST);
      const lines = [
        await copied(page, `Copy the curl line of ${NAME}`),
        await copied(page, `Copy the verify line of ${NAME}`),
      ];
      expect(await run(lines)).toContain(`${NAME}: OK`);
      expect(await copied(page, 'Copy the specify line')).toBe(
        `specify init my-project --ai claude --template-url '${site.url}/latest'`,
      );
    });
  });

  it('copies over plain HTTP too, where browsers give a page no clipboard', async () => {
    const page = await browser.open(`http://${PLAIN_HOST}:${site.server.port}/packages`, DESK);
    expect(await page.evaluate(() => isSecureContext)).toBe(false);
    expect(await copied(page, `Copy the SHA-256 of ${NAME}`)).toBe(DIGEST);
  });
});

/** Presses the button of that name, and pastes what it copied. */
async function copied(page: Page, name: string): Promise<string> {
  const button = page.getByRole('button', { name, exact: true });
  await button.click();
  await button.getByText('Copied').waitFor();
  await page.getByRole('status').getByText(name.replace('Copy', 'Copied')).waitFor({ state: 'attached' });
  expect(await button.evaluate((pressed) => document.activeElement === pressed)).toBe(true);
  const search = page.getByRole('searchbox');
  // It finds nothing by itself while it is pasted into.
  await search.evaluate((input) => input.addEventListener('input', (event) => event.stopPropagation()));
  await search.fill('');
  await search.press('ControlOrMeta+v');
  return search.inputValue();
}

/** Runs lines in a shell, in an empty directory. */
async function run(lines: readonly string[]): Promise<string> {
  const directory = await makeDirectory();
  try {
    const { stdout } = await promisify(execFile)('sh', ['-ec', lines.join('\n')], {
      cwd: directory.path,
    });
    return stdout;
  } finally {
    await directory.remove();
  }
}
