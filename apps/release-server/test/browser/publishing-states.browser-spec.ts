import { describe, it } from '@jest/globals';
import type { Page } from 'playwright-core';

import { useBrowser } from './support/browser.js';
import { PACKAGES } from './support/packages.js';
import { choose, drop, startPublishing, uploadOf } from './support/publishing.js';
import { useSite } from './support/site.js';
import { DESK } from './support/variants.js';
import { expectWellMade } from './support/well-made.js';

const [{ name: STORED }] = PACKAGES as [(typeof PACKAGES)[number]];
const OTHER = { name: STORED, content: Buffer.from('other bytes') };

const STATES: readonly [string, (page: Page) => Promise<void>][] = [
  [
    'the question for the token',
    (page) => page.getByRole('button', { name: 'Publish', exact: true }).click(),
  ],
  [
    'the question after a wrong token',
    async (page) => {
      await startPublishing(page, 'wrong');
      await page.getByText('The token is not valid.').waitFor();
    },
  ],
  ['the panel without uploads', (page) => startPublishing(page)],
  [
    'uploads that are refused, decided and to decide',
    async (page) => {
      await startPublishing(page);
      await choose(page, OTHER, { name: `${'n'.repeat(220)}.zip`, content: Buffer.from('x') });
      await uploadOf(page, STORED).getByText('exists with other bytes').waitFor();
      await uploadOf(page, 'nnn').getByText('invalid_package_name').waitFor();
    },
  ],
  [
    'what was left out of what was dropped',
    async (page) => {
      await startPublishing(page);
      const file = (name: string) => ({ name, content: Buffer.from('x') });
      await drop(page, file('two.zip'), file('two.zip'));
      await uploadOf(page, 'two.zip').first().getByText('Several files have this name').waitFor();
    },
  ],
  [
    'the question before deleting',
    async (page) => {
      await startPublishing(page);
      await page.getByRole('button', { name: /^Delete x{200}$/ }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).waitFor();
    },
  ],
];

describe('every state of publishing is valid and accessible, and fits every screen', () => {
  const site = useSite(PACKAGES);
  const browser = useBrowser();

  it.each(STATES)('%s', async (_, act) => {
    const page = await browser.open(`${site.url}/packages`, DESK, {
      expected: [400, 401],
      reducedMotion: 'reduce',
    });
    await act(page);
    await expectWellMade(page);
  });
});
