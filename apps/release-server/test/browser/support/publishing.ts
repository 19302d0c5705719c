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

/** Drops files on the page, as from another window. */
export async function drop(page: Page, ...files: LocalFile[]): Promise<void> {
  const dropped = await page.evaluateHandle(
    (given) => {
      const data = new DataTransfer();
      for (const { name, content } of given) data.items.add(new File([content], name));
      return data;
    },
    files.map(({ name, content }) => ({ name, content: content.toString() })),
  );
  await page.getByRole('heading', { level: 1 }).dispatchEvent('drop', { dataTransfer: dropped });
}

/** Drags something from the disk onto the page, which, other than by {@link drop}, may be a folder. */
export async function dropFromDisk(page: Page, path: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', { type, x: 400, y: 200, data });
  }
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
