import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { afterEach, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';

import { names, sha256 } from '../support/client.js';
import { makeDirectory } from '../support/process.js';
import { TOKEN } from '../support/server.js';
import { useBrowser } from './support/browser.js';
import { PACKAGES } from './support/packages.js';
import {
  choose,
  drop,
  dropFromDisk,
  giveToken,
  slowDown,
  startPublishing,
  uploadOf,
  type LocalFile,
} from './support/publishing.js';
import { found, namesOn, rowOf } from './support/reading.js';
import { useSite } from './support/site.js';
import { DESK, SCRIPTED } from './support/variants.js';
import { expectWellMade } from './support/well-made.js';

const KIB = 1024;

describe('publishing and deleting on the page', () => {
  const site = useSite(PACKAGES);
  const browser = useBrowser();
  let made = 0;

  /** A file that no other test has. */
  function file(size = 3 * KIB): LocalFile {
    made += 1;
    return { name: `tool-v0.0.${made}.zip`, content: Buffer.alloc(size, `${made},`) };
  }

  const folders: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const remove of folders.splice(0)) await remove();
  });

  /** A folder `dist` on the disk of whoever drops it. */
  async function folderOf(files: Readonly<Record<string, Buffer>>): Promise<string> {
    const directory = await makeDirectory();
    folders.push(() => directory.remove());
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(directory.path, 'dist', name)), { recursive: true });
      await writeFile(join(directory.path, 'dist', name), content);
    }
    return join(directory.path, 'dist');
  }

  describe.each(SCRIPTED)('$title', (variant) => {
    const open = (expected: readonly number[] = []): Promise<Page> =>
      browser.open(`${site.url}/packages`, variant, { expected });
    /** Publishes something, as a preparation. */
    async function published(page: Page): Promise<LocalFile> {
      const one = file();
      await startPublishing(page);
      await choose(page, one);
      await uploadOf(page, one.name).getByText('Published', { exact: true }).waitFor();
      await rowOf(page, one.name).waitFor();
      return one;
    }

    it('shows how far an upload is and how fast it goes, and then lists the package', async () => {
      const page = await open();
      const { name, content } = file(400 * KIB);
      await startPublishing(page);
      await slowDown(page, 300 * KIB);
      await choose(page, { name, content });
      const upload = uploadOf(page, name);
      await upload.getByText(/^Uploading, [1-9]\d?%, [\d.]+ [KM]iB\/s$/).waitFor();
      const progress = upload.getByRole('progressbar', { name: `Uploading: ${name}` });
      const share = await progress.evaluate((bar: HTMLProgressElement) => bar.position);
      expect(share).toBeGreaterThan(0);
      expect(share).toBeLessThan(1);
      await upload.getByText('Published', { exact: true }).waitFor();
      await rowOf(page, name).getByTitle(sha256(content)).waitFor();
      await page.getByRole('status').getByText(`Published ${name}`).waitFor({ state: 'attached' });
    });

    it('cancels one of two uploads, and nothing of it is stored', async () => {
      const page = await open();
      const [cancelled, kept] = [file(2000 * KIB), file(100 * KIB)];
      await startPublishing(page);
      await slowDown(page, 200 * KIB);
      await choose(page, cancelled, kept);
      await uploadOf(page, cancelled.name)
        .getByText(/^Uploading, [1-9]/)
        .waitFor();
      await page.getByRole('button', { name: `Cancel ${cancelled.name}` }).click();
      await uploadOf(page, cancelled.name).getByText('Cancelled').waitFor();
      await uploadOf(page, kept.name).getByText('Published', { exact: true }).waitFor();
      await rowOf(page, kept.name).waitFor();
      expect(await names(site)).toContain(kept.name);
      expect(await names(site)).not.toContain(cancelled.name);
    });

    it('asks before it replaces other bytes: they stay, or all of them are replaced', async () => {
      const page = await open();
      const before = await published(page);
      const other = { name: before.name, content: Buffer.from('other bytes') };
      await choose(page, other);
      const upload = uploadOf(page, before.name).last();
      await upload.getByText(`${before.name} exists with other bytes`).waitFor();
      await upload.getByTitle(sha256(before.content)).waitFor();
      await upload.getByTitle(sha256(other.content)).waitFor();
      await upload.getByRole('button', { name: `Skip ${before.name}` }).click();
      await upload.getByText('Skipped').waitFor();
      await rowOf(page, before.name).getByTitle(sha256(before.content)).waitFor();

      await choose(page, other);
      const again = uploadOf(page, before.name).last();
      await again.getByRole('button', { name: `Overwrite ${before.name}` }).click();
      await again.getByText('Replaced').waitFor();
      await rowOf(page, before.name).getByTitle(sha256(other.content)).waitFor();
    });

    it('overwrites all at once, where one wants that', async () => {
      const page = await open();
      const [first, second] = [await published(page), file()];
      await choose(page, second);
      await rowOf(page, second.name).waitFor();
      const others = [first, second].map(({ name }) => ({ name, content: Buffer.from(`other ${name}`) }));
      await choose(page, ...others);
      await page.getByRole('button', { name: 'Overwrite all' }).click();
      for (const { name, content } of others) await rowOf(page, name).getByTitle(sha256(content)).waitFor();
    });

    it('takes identical bytes for a success', async () => {
      const page = await open();
      const before = await published(page);
      await choose(page, before);
      await uploadOf(page, before.name).last().getByText('identical bytes').waitFor();
    });

    it('says that a token is wrong, and goes on with the right one', async () => {
      const page = await open([401]);
      const one = file();
      await startPublishing(page, 'wrong');
      await page.getByRole('dialog').getByText('The token is not valid.').waitFor();
      expect(await page.getByRole('button', { name: 'Choose files' }).count()).toBe(0);
      expect(await page.getByRole('button', { name: /^Delete / }).count()).toBe(0);
      await giveToken(page);
      await choose(page, one);
      await uploadOf(page, one.name).getByText('Published', { exact: true }).waitFor();
    });

    it('deletes when one has said so twice, and goes on where one was', async () => {
      const page = await open();
      const { name } = await published(page);
      const next = (await namesOn(page))[1] as string;
      const button = page.getByRole('button', { name: `Delete ${name}`, exact: true });
      await button.click();
      const dialog = page.getByRole('dialog', { name: `Delete ${name}?` });
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      await dialog.waitFor({ state: 'detached' });
      expect(await names(site)).toContain(name);
      await button.click();
      await dialog.getByRole('button', { name: 'Delete' }).click();
      await rowOf(page, name).waitFor({ state: 'detached' });
      expect(await names(site)).not.toContain(name);
      await page.getByRole('link', { name: next, exact: true }).and(page.locator(':focus')).waitFor();
    });
  });

  it('deletes with the token only', async () => {
    const page = await browser.open(`${site.url}/packages`, DESK);
    const buttons = page.getByRole('button', { name: /^Delete / });
    expect(await buttons.count()).toBe(0);
    await startPublishing(page);
    await buttons.first().waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await buttons.first().waitFor({ state: 'hidden' });
  });

  it('keeps the token in the memory of the page only', async () => {
    const page = await browser.open(`${site.url}/packages`, DESK);
    await startPublishing(page);
    const one = file();
    await choose(page, one);
    await rowOf(page, one.name).waitFor();
    const kept = await page.evaluate(() =>
      [
        JSON.stringify([localStorage, sessionStorage, history.state]),
        document.cookie,
        document.documentElement.outerHTML,
        ...[...document.querySelectorAll('input')].map(({ value }) => value),
      ].join('\n'),
    );
    expect(kept).not.toContain(TOKEN);
    expect(JSON.stringify(await page.context().storageState({ indexedDB: true }))).not.toContain(TOKEN);
    await page.reload();
    await page.getByRole('button', { name: 'Publish', exact: true }).click();
    await page.getByRole('dialog').getByLabel('Token', { exact: true }).waitFor();
  });

  it('publishes what is dropped on the page', async () => {
    const page = await browser.open(`${site.url}/packages`, DESK);
    const { name } = file();
    await drop(page, { name, content: Buffer.from('dropped') });
    await giveToken(page);
    await rowOf(page, name).getByTitle(sha256('dropped')).waitFor();
  });

  it('publishes what is in a folder that is dropped, at all levels, and says what it leaves out', async () => {
    const page = await browser.open(`${site.url}/packages`, DESK);
    const [one, two, three] = [file(), file(), file()];
    const folder = await folderOf({
      [one.name]: one.content,
      [`linux/x64/${two.name}`]: two.content,
      [`linux/${three.name}`]: three.content,
      [`mac/${three.name}`]: two.content,
      '.DS_Store': Buffer.from('x'),
    });
    await startPublishing(page);
    await dropFromDisk(page, folder);
    await rowOf(page, one.name).getByTitle(sha256(one.content)).waitFor();
    await rowOf(page, two.name).getByTitle(sha256(two.content)).waitFor();
    await page.getByRole('alert').getByText('Hidden files were left out: dist/.DS_Store.').waitFor();
    for (const at of [0, 1]) {
      await uploadOf(page, three.name)
        .nth(at)
        .getByText(`dist/linux/${three.name}, dist/mac/${three.name}`)
        .waitFor();
    }
    expect(await names(site)).not.toContain(three.name);
  });

  it('lets a question go by Escape, back to where one was', async () => {
    const page = await browser.open(`${site.url}/packages`, DESK);
    await page.getByRole('button', { name: 'Publish', exact: true }).press('Enter');
    await page.getByRole('dialog').getByLabel('Token', { exact: true }).and(page.locator(':focus')).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Publish', exact: true }).and(page.locator(':focus')).waitFor();
    expect(await page.getByRole('dialog').count()).toBe(0);
  });

  it.each([
    ['a name that is none', '<img src=x onerror=alert(1)>.zip', [400], 'invalid_package_name'],
    ['the words of whoever answers', 'plain.zip', [507], '</li><img src=x onerror=alert(1)>'],
  ])('shows %s as text', async (_, name, expected, says) => {
    const page = await browser.open(`${site.url}/packages`, DESK, { expected });
    if (expected.includes(507)) {
      const problem = {
        title: says,
        detail: `${says}<script>alert(1)</script>`,
        code: 'insufficient_storage',
      };
      await page.route(
        (url) => url.pathname.startsWith('/assets/'),
        (route) =>
          route.request().method() === 'PUT'
            ? route.fulfill({ status: 507, contentType: 'application/problem+json', json: problem })
            : route.continue(),
      );
    }
    await startPublishing(page);
    await choose(page, { name, content: Buffer.from('x') });
    const upload = uploadOf(page, name);
    await upload.getByText(says).first().waitFor();
    expect(await upload.locator('img, script').count()).toBe(0);
    expect(await names(site)).not.toContain(name);
  });
});

describe('publishing the first package', () => {
  const site = useSite([]);
  const browser = useBrowser();

  it('brings the list and the search', async () => {
    const page = await browser.open(`${site.url}/packages`, DESK);
    await startPublishing(page);
    await choose(page, { name: 'first.zip', content: Buffer.from('x') });
    await found(page, '1 package');
    await page.getByRole('searchbox').fill('nothing');
    await found(page, '0 packages for nothing');
  });
});

describe('publishing into a full store', () => {
  const site = useSite(PACKAGES, () => ({ MAX_PACKAGES: String(PACKAGES.length) }));
  const browser = useBrowser();

  it('says which package made room', async () => {
    const page = await browser.open(`${site.url}/packages`, DESK, { reducedMotion: 'reduce' });
    const oldest = PACKAGES.at(-1)?.name ?? '';
    await rowOf(page, oldest).getByText('leaves next').waitFor();
    await page.getByText(`takes the place of ${oldest}.`).waitFor();
    await expectWellMade(page);
    await startPublishing(page);
    await choose(page, { name: 'new-v3.0.0.zip', content: Buffer.from('x') });
    await uploadOf(page, 'new-v3.0.0.zip').getByText(`made room: ${oldest}`).waitFor();
    await rowOf(page, oldest).waitFor({ state: 'detached' });
  });
});
