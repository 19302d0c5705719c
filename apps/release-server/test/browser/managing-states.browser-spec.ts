import { describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';

import { AUTH } from '../support/server.js';
import { useBrowser } from './support/browser.js';
import { draft, fillIn, manage } from './support/managing.js';
import { LONG_NAME, PACKAGES } from './support/packages.js';
import { choose, uploadOf } from './support/publishing.js';
import { useSite } from './support/site.js';
import { DESK } from './support/variants.js';
import { expectWellMade } from './support/well-made.js';

const LONG_TAG = 't'.repeat(150);

const STATES: readonly [string, (page: Page) => Promise<void>][] = [
  ['the list with drafts', (page) => page.getByText('draft', { exact: true }).first().waitFor()],
  ['the form of a new release', (page) => page.getByRole('button', { name: 'Draft a release' }).click()],
  [
    'the form with what is wrong with it',
    async (page) => {
      await page.getByRole('button', { name: 'Draft a release' }).click();
      const form = await fillIn(page, { tag: LONG_TAG, title: LONG_NAME, notes: LONG_NAME.repeat(50) });
      await form.getByRole('button', { name: 'Save draft' }).click();
      await form.getByRole('alert').getByText('release_exists').waitFor();
    },
  ],
  ['a draft with its panel', (page) => draft(page, { tag: 'panel', title: LONG_NAME, notes: '# One' })],
  ['a draft with long names', openLong],
  [
    'uploads into a draft',
    async (page) => {
      await openLong(page);
      await page.getByRole('button', { name: 'Add files' }).click();
      await choose(
        page,
        { name: LONG_NAME, content: Buffer.from('other') },
        { name: 'new', content: Buffer.from('x') },
      );
      await uploadOf(page, LONG_NAME).getByText('exists with other bytes').waitFor();
      await uploadOf(page, 'new')
        .getByText(/^(Uploaded|Stored already with identical bytes)$/)
        .waitFor();
    },
  ],
  [
    'the form that edits',
    async (page) => {
      await openLong(page);
      await page.getByRole('button', { name: 'Edit', exact: true }).click();
    },
  ],
  [
    'the question before publishing',
    async (page) => {
      await openLong(page);
      await page.getByRole('button', { name: 'Publish release' }).click();
    },
  ],
  [
    'the question before deleting',
    async (page) => {
      await openLong(page);
      await page.getByRole('button', { name: 'Delete draft' }).click();
    },
  ],
];

describe('every state of managing releases is valid and accessible, and fits every screen', () => {
  const site = useSite(PACKAGES);
  const browser = useBrowser();

  it.each(STATES)('%s', async (_, act) => {
    await prepare();
    const page = await browser.open(`${site.url}/releases`, DESK, {
      expected: [409],
      reducedMotion: 'reduce',
    });
    await manage(page);
    await page.getByRole('button', { name: 'Draft a release' }).waitFor();
    await act(page);
    await expectWellMade(page);
  });

  /** A draft whose parts are as long as they may be. It may be there already. */
  async function prepare(): Promise<void> {
    const send = (method: string, path: string, body: string): Promise<Response> =>
      fetch(`${site.url}${path}`, { method, body, headers: { ...AUTH, 'Content-Type': 'application/json' } });
    const answers = [
      await send('POST', '/releases', JSON.stringify({ tag: LONG_TAG, title: LONG_NAME, draft: true })),
      await send('PUT', `/releases/${LONG_TAG}/assets/${LONG_NAME}`, 'x'),
    ];
    for (const { status } of answers) expect([201, 409]).toContain(status);
  }
});

async function openLong(page: Page): Promise<void> {
  await page.locator(`a[href$="${LONG_TAG}"]`).click();
  await page.getByRole('button', { name: 'Publish release' }).waitFor();
}
