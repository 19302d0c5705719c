import type { Locator, Page } from 'playwright-core';

import { eventually } from './browser.js';

/** The packages that the page shows, from top to bottom. */
export function namesOn(page: Page): Promise<string[]> {
  return page.getByRole('main').getByRole('rowheader').getByRole('link').allTextContents();
}

/** What the page shows of a package. */
export function rowOf(page: Page, name: string): Locator {
  return page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) });
}

/** Something that the page says, apart from what it says to screen readers only. */
export function said(page: Page, text: string | RegExp): Locator {
  return page.getByRole('main').getByText(text);
}

/** Waits until the page says that so much was found, in just these words. */
export async function found(page: Page, words: string): Promise<void> {
  await eventually(() => page.locator('#found').textContent(), words);
}
