import type { Locator, Page } from 'playwright-core';

import { TOKEN } from '../../support/server.js';

/** A file that somebody has on their disk. */
export interface LocalFile {
  readonly name: string;
  readonly content: Buffer;
}

/** Opens what is published with, as who knows the token. */
export async function startPublishing(page: Page, token = TOKEN): Promise<void> {
  await page.getByRole('button', { name: 'Publish', exact: true }).click();
  await giveToken(page, token);
}

/** Answers the question for the token. */
export async function giveToken(page: Page, token = TOKEN): Promise<void> {
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Token', { exact: true }).fill(token);
  await dialog.getByRole('button', { name: 'Use this token' }).click();
}

/** Chooses files to publish. */
export async function choose(page: Page, ...files: LocalFile[]): Promise<void> {
  const choosing = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Choose files' }).click();
  await (
    await choosing
  ).setFiles(
    files.map(({ name, content }) => ({ name, mimeType: 'application/octet-stream', buffer: content })),
  );
}

/** What the page shows of an upload. */
export function uploadOf(page: Page, name: string): Locator {
  return page.getByRole('list', { name: 'Uploads' }).getByRole('listitem').filter({ hasText: name });
}

/** Has everything that the page sends go at so many bytes per second. */
export async function slowDown(page: Page, uploadThroughput: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput,
  });
}
