import type { Locator, Page } from 'playwright-core';

import { TOKEN } from '../../support/server.js';
import { giveToken } from './publishing.js';

/** Has a page of releases show what the owner of the token sees. */
export async function manage(page: Page, token = TOKEN): Promise<void> {
  await page.getByRole('button', { name: 'Manage releases' }).click();
  await giveToken(page, token);
}

/** What is typed into the form of a release; what is undefined stays as it is. */
export interface Typed {
  readonly tag?: string;
  readonly title?: string;
  readonly notes?: string;
  readonly prerelease?: boolean;
  /** As the form has it. */
  readonly latest?: 'As its version says' | 'This one, from now on' | 'Never this one';
}

/** Fills in the form of a release, which is open. */
export async function fillIn(page: Page, typed: Typed): Promise<Locator> {
  const { tag, title, notes, prerelease, latest } = typed;
  const form = page.getByRole('dialog');
  if (tag !== undefined) await form.getByLabel('Tag', { exact: true }).fill(tag);
  if (title !== undefined) await form.getByLabel('Title', { exact: true }).fill(title);
  if (notes !== undefined) await form.getByLabel('Notes', { exact: true }).fill(notes);
  if (prerelease !== undefined) await form.getByLabel('This is a pre-release').setChecked(prerelease);
  if (latest !== undefined) await form.getByLabel('Latest release').selectOption(latest);
  return form;
}

/** Makes a draft from the list, and comes to its page. */
export async function draft(page: Page, typed: Typed): Promise<void> {
  await page.getByRole('button', { name: 'Draft a release' }).click();
  const form = await fillIn(page, typed);
  await form.getByRole('button', { name: 'Save draft' }).click();
  await page.getByRole('button', { name: 'Publish release' }).waitFor();
}

/** Presses a button of the page and then the one of the question that it asks. */
export async function sayTwice(page: Page, button: string, answer: string): Promise<void> {
  await page.getByRole('button', { name: button, exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: answer, exact: true }).click();
}
