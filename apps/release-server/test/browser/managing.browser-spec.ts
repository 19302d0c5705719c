import { describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';

import { get, json, sha256 } from '../support/client.js';
import { AUTH, TOKEN } from '../support/server.js';
import { eventually, useBrowser } from './support/browser.js';
import { draft, fillIn, manage, sayTwice } from './support/managing.js';
import { PACKAGES } from './support/packages.js';
import { choose, drop, giveToken, slowDown, uploadOf, type LocalFile } from './support/publishing.js';
import { namesOn, rowOf } from './support/reading.js';
import { useSite } from './support/site.js';
import { DESK, SCRIPTED } from './support/variants.js';
import { BROKEN } from './support/watch.js';

const KIB = 1024;

describe('releases on the page', () => {
  const site = useSite(PACKAGES);
  const browser = useBrowser();
  let made = 0;

  /** A tag that no other test has. */
  function nextTag(): string {
    made += 1;
    return `v9.0.${made}`;
  }

  const file = (name: string, size = 3 * KIB): LocalFile => ({ name, content: Buffer.alloc(size, name) });
  const textOf = async (path: string): Promise<string> => (await get(site, path)).text();
  const statusOf = async (path: string): Promise<number> => (await get(site, path)).status;
  const action = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

  /** A release, as a preparation. */
  async function stored(fields: {
    readonly draft: boolean;
    readonly title?: string;
    readonly notes?: string;
  }) {
    const tag = nextTag();
    const send = (method: string, path: string, body: string): Promise<Response> =>
      fetch(`${site.url}${path}`, { method, body, headers: { ...AUTH, 'Content-Type': 'application/json' } });
    const answers = [
      await send('POST', '/releases', JSON.stringify({ tag, ...fields })),
      await send('PUT', `/releases/${tag}/assets/tool`, 'tool'),
      await send('PUT', `/releases/${tag}/assets/latest.yml`, 'yml'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    return tag;
  }

  async function openRelease(tag: string, expected: readonly (number | typeof BROKEN)[] = []): Promise<Page> {
    const page = await browser.open(`${site.url}/releases`, DESK, { expected });
    await manage(page);
    await page.getByRole('main').getByRole('link', { name: tag, exact: true }).click();
    await action(page, 'Add files').waitFor();
    return page;
  }

  describe.each(SCRIPTED)('$title', (variant) => {
    it('a draft is filled while nobody sees it, and is public as a whole once it is published', async () => {
      const tag = nextTag();
      const page = await browser.open(`${site.url}/releases`, variant);
      expect(await page.getByRole('button', { name: 'Draft a release' }).count()).toBe(0);
      await manage(page);
      await draft(page, { tag, title: `Release ${made}`, notes: '# News\n\n- one', prerelease: true });
      expect(new URL(page.url()).pathname).toBe(`/releases/tag/${tag}`);
      await page.getByRole('heading', { level: 1, name: `Release ${made}` }).waitFor();
      await page.getByRole('heading', { name: 'News' }).waitFor();
      const files = [file('tool-linux-amd64'), file('latest.yml')];
      await choose(page, ...files);
      for (const { name, content } of files) {
        await uploadOf(page, name).getByText('Uploaded', { exact: true }).waitFor();
        await page.getByRole('row').filter({ hasText: name }).getByTitle(sha256(content)).waitFor();
      }
      expect(await page.getByRole('row').getByRole('link').count()).toBe(0);

      const visitor = await browser.open(`${site.url}/releases`, variant, { expected: [404] });
      expect(await textOf('/releases')).not.toContain(tag);
      await visitor.goto(`${site.url}/releases/tag/${tag}`);
      await visitor.getByText('404', { exact: true }).waitFor();
      expect(await statusOf(`/releases/download/${tag}/latest.yml`)).toBe(404);

      await page.getByRole('button', { name: 'Publish release' }).click();
      await page.getByRole('dialog').getByText('2 packages and the notes become public at once.').waitFor();
      await page.getByRole('dialog').getByRole('button', { name: 'Publish' }).click();
      await page.getByRole('link', { name: 'latest.yml', exact: true }).waitFor();
      await page.getByRole('status').getByText(`Published ${tag}`).waitFor({ state: 'attached' });
      expect(await action(page, 'Publish release').count()).toBe(0);
      await visitor.reload();
      await visitor.getByText('pre-release').waitFor();
      expect(await namesOn(visitor)).toHaveLength(2);
      expect(await visitor.getByRole('button', { name: /^(Delete|Edit|Add files)/ }).count()).toBe(0);
      expect(await statusOf(`/releases/download/${tag}/latest.yml`)).toBe(200);
    });

    it('what a release says is edited, its latest mark too', async () => {
      const tag = await stored({ draft: false, notes: 'Before' });
      const page = await browser.open(`${site.url}/releases/tag/${tag}`, variant);
      await manage(page);
      await action(page, 'Edit').click();
      const form = await fillIn(page, { title: 'Another', notes: 'After', latest: 'This one, from now on' });
      expect(await form.getByLabel('Tag', { exact: true }).count()).toBe(0);
      await form.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('heading', { level: 1, name: 'Another' }).waitFor();
      await page.getByText('After', { exact: true }).waitFor();
      await page.getByText('latest', { exact: true }).waitFor();
      await action(page, 'Edit').click();
      await (
        await fillIn(page, { latest: 'Never this one', prerelease: true })
      )
        .getByRole('button', { name: 'Save' })
        .click();
      await page.getByText('pre-release', { exact: true }).waitFor();
      expect(await page.getByText('latest', { exact: true }).count()).toBe(0);
      expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Another');
    });

    it('a package of a release goes when one has said so twice, and then the release', async () => {
      const tag = await stored({ draft: false });
      const page = await browser.open(`${site.url}/releases/tag/${tag}`, variant);
      await manage(page);
      await sayTwice(page, 'Delete tool', 'Cancel');
      await sayTwice(page, 'Delete tool', 'Delete');
      await rowOf(page, 'tool').waitFor({ state: 'detached' });
      await page.getByRole('link', { name: 'latest.yml' }).and(page.locator(':focus')).waitFor();
      expect(await statusOf(`/releases/download/${tag}/tool`)).toBe(404);
      await action(page, 'Delete release').click();
      const dialog = page.getByRole('dialog', { name: `Delete the release ${tag}?` });
      await dialog.getByText('1 package goes with it.').waitFor();
      await dialog.getByRole('button', { name: 'Delete' }).click();
      await page.getByRole('button', { name: 'Draft a release' }).waitFor();
      expect(new URL(page.url()).pathname).toBe('/releases');
      expect(await statusOf(`/releases/tag/${tag}`)).toBe(404);
      expect(await page.getByRole('link', { name: tag }).count()).toBe(0);
    });
  });

  it('a draft changes its tag, and is deleted without anybody having seen it', async () => {
    const page = await openRelease(await stored({ draft: true }));
    const tag = nextTag();
    await action(page, 'Edit').click();
    await (await fillIn(page, { tag })).getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { level: 1, name: tag }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`/releases/tag/${tag}`);
    expect(await page.getByRole('rowheader').allTextContents()).toEqual(['latest.yml', 'tool']);
    await sayTwice(page, 'Delete draft', 'Delete');
    await page.getByRole('button', { name: 'Draft a release' }).waitFor();
    expect(await page.getByRole('link', { name: tag }).count()).toBe(0);
  });

  it('a tag that is taken is said in the form, which keeps what was typed', async () => {
    const tag = await stored({ draft: true });
    const page = await browser.open(`${site.url}/releases`, DESK, { expected: [400, 409, 422] });
    await manage(page);
    await page.getByRole('button', { name: 'Draft a release' }).click();
    const form = await fillIn(page, { tag, title: 'Kept', notes: 'Kept too' });
    await form.getByRole('button', { name: 'Save draft' }).click();
    await form.getByRole('alert').getByText('release_exists').waitFor();
    await fillIn(page, { tag: 'a..b' });
    await form.getByRole('button', { name: 'Save draft' }).click();
    await form.getByRole('alert').getByText('invalid_release_tag').waitFor();
    await fillIn(page, { tag: nextTag(), notes: 'x'.repeat(125_001) });
    await form.getByRole('button', { name: 'Save draft' }).click();
    await form.getByRole('alert').getByText('invalid_parameter').waitFor();
    expect(await form.getByLabel('Title', { exact: true }).inputValue()).toBe('Kept');
    await fillIn(page, { notes: 'Short' });
    await form.getByRole('button', { name: 'Save draft' }).click();
    await page.getByRole('heading', { level: 1, name: 'Kept' }).waitFor();
  });

  it('a connection that breaks loses nothing of what was typed, and what was sent is sent again', async () => {
    const page = await openRelease(await stored({ draft: true }), [BROKEN]);
    await page.route('**/releases/v9*', (route) => route.abort('connectionreset'), { times: 1 });
    await action(page, 'Edit').click();
    const form = await fillIn(page, { title: 'After the break' });
    await form.getByRole('button', { name: 'Save' }).click();
    await form.getByRole('alert').getByText('The server cannot be reached').waitFor();
    await form.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { level: 1, name: 'After the break' }).waitFor();

    await action(page, 'Add files').click();
    await page.route('**/assets/broken*', (route) => route.abort('connectionreset'), { times: 1 });
    await choose(page, file('broken.zip'));
    await uploadOf(page, 'broken.zip').getByText('The server cannot be reached').waitFor();
    await page.getByRole('button', { name: 'Try again broken.zip' }).click();
    await uploadOf(page, 'broken.zip').getByText('Uploaded', { exact: true }).waitFor();
  });

  it('a wrong token is said, and one that is refused later is asked for again', async () => {
    const page = await browser.open(`${site.url}/releases`, DESK, { expected: [401] });
    await manage(page, 'wrong');
    await page.getByRole('dialog').getByText('The token is not valid.').waitFor();
    await giveToken(page);
    const tag = nextTag();
    await page.getByRole('button', { name: 'Draft a release' }).click();
    await page.route(
      '**/releases',
      (route) =>
        route.fulfill({
          status: 401,
          contentType: 'application/problem+json',
          json: { title: 'A valid token is needed', detail: 'It was changed.', code: 'unauthorized' },
        }),
      { times: 1 },
    );
    await fillIn(page, { tag });
    await page.getByRole('button', { name: 'Save draft' }).click();
    await page.getByText('It was changed.').waitFor();
    await page.getByLabel('Token', { exact: true }).fill(TOKEN);
    await page.getByRole('button', { name: 'Use this token' }).click();
    await page.getByRole('heading', { level: 1, name: tag }).waitFor();
  });

  it('nothing is published, edited or deleted while files are under way', async () => {
    const page = await openRelease(await stored({ draft: true }));
    await action(page, 'Add files').click();
    await slowDown(page, 100 * KIB);
    await choose(page, file('slow.zip', 4000 * KIB));
    await uploadOf(page, 'slow.zip')
      .getByText(/^Uploading, [1-9]/)
      .waitFor();
    for (const name of ['Publish release', 'Edit', 'Delete draft']) {
      expect([name, await action(page, name).isDisabled()]).toEqual([name, true]);
    }
    await page.getByRole('button', { name: 'Cancel slow.zip' }).click();
    await uploadOf(page, 'slow.zip').getByText('Cancelled').waitFor();
    await eventually(() => action(page, 'Publish release').isDisabled(), false);
  });

  it('other bytes of a name are replaced on demand only, identical ones are a success', async () => {
    const page = await openRelease(await stored({ draft: true }), [409]);
    await action(page, 'Add files').click();
    await choose(page, { name: 'tool', content: Buffer.from('tool') });
    await uploadOf(page, 'tool').getByText('Stored already with identical bytes').waitFor();
    await choose(page, { name: 'latest.yml', content: Buffer.from('other') });
    await page.getByRole('button', { name: 'Overwrite latest.yml' }).click();
    await page.getByRole('row').filter({ hasText: 'latest.yml' }).getByTitle(sha256('other')).waitFor();
    // What the page does not know of comes to light when it is sent.
    await page.locator('tr[data-name="tool"]').evaluate((row) => row.remove());
    await choose(page, { name: 'tool', content: Buffer.from('other tool') });
    await uploadOf(page, 'tool').last().getByText('tool exists with other bytes').waitFor();
  });

  it('files are dropped on a public release, and are there at once', async () => {
    const tag = await stored({ draft: false });
    const page = await browser.open(`${site.url}/releases/tag/${tag}`, DESK);
    await drop(page, { name: 'dropped.txt', content: Buffer.from('dropped') });
    await giveToken(page);
    await uploadOf(page, 'dropped.txt').getByText('Published', { exact: true }).waitFor();
    await rowOf(page, 'dropped.txt').getByTitle(sha256('dropped')).waitFor();
    expect(await textOf(`/releases/download/${tag}/dropped.txt`)).toBe('dropped');
  });

  it('a package in the folder of a release is deleted from the list of packages too', async () => {
    const tag = await stored({ draft: false });
    const page = await browser.open(`${site.url}/packages?q=tool`, DESK);
    await page.getByRole('button', { name: 'Publish', exact: true }).click();
    await giveToken(page);
    const row = page.locator(`tr[data-release="${tag}"]`);
    await row.getByRole('button', { name: 'Delete tool' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await row.waitFor({ state: 'detached' });
    expect(await statusOf(`/releases/download/${tag}/tool`)).toBe(404);
  });

  it('the address of a draft leads to it by the token, the way back through the history too', async () => {
    const tag = await stored({ draft: true });
    const page = await browser.open(`${site.url}/releases/tag/${tag}`, DESK, { expected: [404] });
    await manage(page);
    await action(page, 'Publish release').waitFor();
    await page.getByRole('navigation', { name: 'Server' }).getByRole('link', { name: 'Releases' }).click();
    await page.getByRole('button', { name: 'Draft a release' }).waitFor();
    await page.goBack();
    await action(page, 'Publish release').waitFor();
    await page.getByRole('navigation', { name: 'Server' }).getByRole('link', { name: 'Packages' }).click();
    await page.waitForURL(`${site.url}/packages`);
  });

  it('the token is in the memory of the page only, and gone when it is forgotten', async () => {
    const tag = await stored({ draft: true });
    const page = await openRelease(tag);
    const kept = await page.evaluate(() =>
      [
        JSON.stringify([localStorage, sessionStorage, history.state, location.href]),
        document.cookie,
        document.documentElement.outerHTML,
      ].join('\n'),
    );
    expect(kept).not.toContain(TOKEN);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Manage releases' }).waitFor();
    expect(await page.getByRole('main').getByRole('link', { name: tag }).count()).toBe(0);
  });

  it('all of it is done by keys, and the focus never gets lost', async () => {
    const tag = nextTag();
    const page = await browser.open(`${site.url}/releases`, DESK);
    await page.getByRole('button', { name: 'Manage releases' }).press('Enter');
    await page.keyboard.type(TOKEN);
    await page.keyboard.press('Enter');
    await page.locator('main:focus').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByLabel('Tag', { exact: true }).and(page.locator(':focus')).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Draft a release' }).and(page.locator(':focus')).waitFor();
    await page.keyboard.press('Enter');
    await page.keyboard.type(tag);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Choose files' }).and(page.locator(':focus')).waitFor();
    await action(page, 'Publish release').press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.locator('main:focus').waitFor();
    expect(await statusOf(`/releases/tag/${tag}`)).toBe(200);
  });

  it('hostile titles and notes are shown as text wherever they stand', async () => {
    const hostile = `"><img src=x onerror=alert(1)></textarea><script>alert(1)</script>`;
    const page = await browser.open(`${site.url}/releases`, DESK);
    const tag = 'a"><img/src=x';
    await manage(page);
    await draft(page, { tag, title: hostile, notes: hostile });
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(hostile);
    expect(await page.title()).toContain(hostile);
    await action(page, 'Edit').click();
    const form = page.getByRole('dialog', { name: `Edit ${tag}` });
    expect(await form.getByLabel('Tag', { exact: true }).inputValue()).toBe(tag);
    expect(await form.getByLabel('Title', { exact: true }).inputValue()).toBe(hostile);
    expect(await form.getByLabel('Notes', { exact: true }).inputValue()).toBe(hostile);
    await form.getByRole('button', { name: 'Cancel' }).click();
    await choose(page, file('plain.txt'));
    await uploadOf(page, 'plain.txt').getByText('Uploaded', { exact: true }).waitFor();
    await sayTwice(page, 'Publish release', 'Publish');
    await page.getByRole('link', { name: 'plain.txt' }).waitFor();
    await page.getByRole('navigation', { name: 'Server' }).getByRole('link', { name: 'Releases' }).click();
    await page.getByRole('heading', { level: 2, name: hostile }).waitFor();
    expect(await page.getByRole('main').locator('img, script').count()).toBe(0);
    expect(
      await json<{ release: string }[]>(await get(site, '/packages?format=json&q=plain.txt')),
    ).toMatchObject([{ release: tag }]);
  });
});

describe('a server that keeps what is published', () => {
  const site = useSite(PACKAGES, () => ({ ALLOW_OVERWRITE: 'false', ALLOW_DELETE: 'false' }));
  const browser = useBrowser();

  it('offers neither deleting nor adding to what is published, and all of it in drafts', async () => {
    const page = await browser.open(`${site.url}/releases`, DESK);
    await manage(page);
    await draft(page, { tag: 'v9.0.0' });
    await choose(page, { name: 'tool', content: Buffer.from('one') });
    await uploadOf(page, 'tool').getByText('Uploaded', { exact: true }).waitFor();
    await choose(page, { name: 'tool', content: Buffer.from('other') });
    await page.getByRole('button', { name: 'Overwrite tool' }).click();
    await uploadOf(page, 'tool').getByText('Replaced').waitFor();
    expect(await page.getByRole('button', { name: /^Delete / }).allTextContents()).toEqual([
      'Delete draft',
      'Delete',
    ]);
    await sayTwice(page, 'Publish release', 'Publish');
    await page.getByRole('link', { name: 'tool', exact: true }).waitFor();
    expect(await page.getByRole('button', { name: /^(Delete |Add files)/ }).count()).toBe(0);
    await page.getByRole('button', { name: 'Edit', exact: true }).waitFor();
  });
});

describe('a read-only server', () => {
  const site = useSite(PACKAGES, () => ({ READ_ONLY: 'true', AUTH_TOKEN: '' }));
  const browser = useBrowser();

  it.each(['/releases', '/releases/tag/v1.1.0', '/releases/tag/none'])(
    'offers nothing at %s',
    async (path) => {
      const page = await browser.open(`${site.url}${path}`, DESK, { expected: [404] });
      await page.getByRole('heading', { level: 1 }).waitFor();
      expect(await page.getByRole('button', { name: /Manage|Draft|Edit|Delete|Publish|Add/ }).count()).toBe(
        0,
      );
    },
  );
});
