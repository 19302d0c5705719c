import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';

import { AUTH } from '../support/server.js';
import { useBrowser } from './support/browser.js';
import { manage } from './support/managing.js';
import { PACKAGES } from './support/packages.js';
import { choose, drop, giveToken, startPublishing, uploadOf } from './support/publishing.js';
import { useSite } from './support/site.js';
import { DESK, SCRIPTED } from './support/variants.js';
import { BROKEN } from './support/watch.js';
import { expectWellMade } from './support/well-made.js';

/** Named tokens, each of which is its own name. */
const TOKENS: Readonly<Record<string, object>> = {
  publisher: { scopes: ['publish'] },
  remover: { scopes: ['delete'] },
  gemini: { scopes: ['publish', 'delete'], packages: ['*gemini*'], releases: ['v1.1.*'] },
  expired: { scopes: ['publish'], expires_at: '2020-01-01' },
  reader: { scopes: ['read'] },
};

const GEMINI = PACKAGES.map(({ name }) => name).filter((name) => name.includes('gemini'));

function writeTokens(): string {
  const path = join(mkdtempSync(join(tmpdir(), 'tokens-')), 'tokens.yaml');
  const tokens = Object.entries(TOKENS).map(([name, may]) => ({
    name,
    hash: `sha256:${createHash('sha256').update(name).digest('hex')}`,
    ...may,
  }));
  // YAML has JSON in it.
  writeFileSync(path, JSON.stringify({ tokens }));
  return path;
}

describe('signing in on the page', () => {
  const path = writeTokens();
  const site = useSite(PACKAGES, () => ({ TOKENS_FILE: path }));
  const browser = useBrowser();
  afterAll(() => rm(dirname(path), { recursive: true }));

  const button = (page: Page, name: string | RegExp) =>
    page.getByRole('button', { name, exact: typeof name === 'string' });
  const buttonsOf = (page: Page, name: RegExp) =>
    page.getByRole('button', { name }).evaluateAll((all) => all.map((one) => one.ariaLabel));

  /** Without what is there for screen readers only. */
  const said = (page: Page, words: string) => page.getByRole('banner').getByText(words);

  async function signIn(page: Page, token: string): Promise<void> {
    await button(page, 'Sign in').click();
    await giveToken(page, token);
    await button(page, 'Sign out').waitFor();
  }

  /** A release, as a preparation. */
  async function stored(tag: string, draft: boolean, ...files: readonly string[]): Promise<void> {
    const send = (method: string, to: string, body: string): Promise<Response> =>
      fetch(`${site.url}${to}`, { method, body, headers: { ...AUTH, 'Content-Type': 'application/json' } });
    const answers = [await send('POST', '/releases', JSON.stringify({ tag, draft }))];
    for (const file of files) answers.push(await send('PUT', `/releases/${tag}/assets/${file}`, file));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
  }

  describe.each(SCRIPTED)('$title', (variant) => {
    it('tells who it is and what they may, and offers nothing else', async () => {
      const page = await browser.open(`${site.url}/packages`, variant);
      await signIn(page, 'gemini');
      await said(
        page,
        'Signed in as gemini (token), may publish, delete; packages *gemini*; releases v1.1.*',
      ).waitFor();
      await button(page, 'Sign out').and(page.locator(':focus')).waitFor();
      expect(await button(page, 'Publish').isVisible()).toBe(true);
      expect(await buttonsOf(page, /^Delete /)).toEqual(
        GEMINI.filter((name) => name.includes('v1.1.')).map((name) => `Delete ${name}`),
      );

      await button(page, 'Sign out').click();
      await button(page, 'Sign in').and(page.locator(':focus')).waitFor();
      expect(await said(page, 'Signed in as').count()).toBe(0);
      expect(await button(page, /^Delete /).count()).toBe(0);
      expect(await button(page, 'Publish').isVisible()).toBe(true);
    });
  });

  it.each(['reader', 'publisher', 'remover', 'gemini'])(
    'is well made for %s on the list and on a release',
    async (token) => {
      const page = await browser.open(`${site.url}/packages`, DESK, { reducedMotion: 'reduce' });
      await signIn(page, token);
      await expectWellMade(page);
      await page.goto(`${site.url}/releases`);
      await manage(page, token);
      await button(page, 'Sign out').waitFor();
      await expectWellMade(page);
    },
  );

  it.each([
    ['of nobody', 'nobody', 'The token is not valid.'],
    ['that has expired', 'expired', 'The token expired expired at 2020-01-01T00:00:00.000Z.'],
  ])('says at once of a token %s that it is not taken', async (_, token, words) => {
    const page = await browser.open(`${site.url}/packages`, DESK, { expected: [401] });
    await button(page, 'Sign in').click();
    await giveToken(page, token);
    await page.getByRole('alert').getByText(words).waitFor();
    await giveToken(page, 'remover');
    await said(page, 'Signed in as remover (token), may delete').waitFor();
  });

  it.each([
    [429, 'too_many_attempts', 'Too many wrong tokens came from this address.'],
    [503, 'token_unavailable', 'Nobody can be asked.'],
  ])('says at once of the answer %i what it says', async (status, code, detail) => {
    const page = await browser.open(`${site.url}/packages`, DESK, { expected: [status] });
    const json = { title: 'Not now', detail, code };
    await page.route('**/token', (route) => route.fulfill({ status, json }), { times: 1 });
    await button(page, 'Sign in').click();
    await giveToken(page, 'remover');
    await page.getByRole('alert').getByText(detail).waitFor();
    expect(await button(page, 'Sign out').count()).toBe(0);
  });

  it('says at once that the server is away', async () => {
    const page = await browser.open(`${site.url}/releases`, DESK, { expected: [BROKEN] });
    await page.route('**/token', (route) => route.abort('connectionreset'), { times: 1 });
    await manage(page, 'remover');
    await page.getByRole('alert').getByText('The server cannot be reached').waitFor();
    await giveToken(page, 'remover');
    await said(page, 'Signed in as remover').waitFor();
  });

  it('offers no publishing to who may only delete, and says so to who tries', async () => {
    const page = await browser.open(`${site.url}/packages`, DESK);
    await startPublishing(page, 'remover');
    await page.getByRole('heading', { name: 'This token may not publish here' }).waitFor();
    await page.keyboard.press('Escape');
    await button(page, 'Sign out').and(page.locator(':focus')).waitFor();
    expect(await button(page, 'Publish').isVisible()).toBe(false);
    expect(await buttonsOf(page, /^Delete /)).toHaveLength(PACKAGES.length);
    await drop(page, { name: 'dropped.zip', content: Buffer.from('x') });
    expect(await page.getByRole('dialog').count()).toBe(0);
    expect(await page.getByRole('list', { name: 'Uploads' }).count()).toBe(0);
  });

  it('says where a file was dropped that the token may not publish it', async () => {
    for (const place of ['packages', 'releases/tag/v1.1.0']) {
      const page = await browser.open(`${site.url}/${place}`, DESK);
      await drop(page, { name: 'dropped.zip', content: Buffer.from('x') });
      await giveToken(page, 'remover');
      await page.getByRole('dialog').getByText('remover may delete.').waitFor();
    }
  });

  it('offers no deleting to who may only publish, and no replacing', async () => {
    const page = await browser.open(`${site.url}/packages`, DESK);
    await startPublishing(page, 'publisher');
    await choose(page, { name: GEMINI[0] ?? '', content: Buffer.from('other') });
    await uploadOf(page, GEMINI[0] ?? '')
      .getByText('This token may not overwrite packages.')
      .waitFor();
    expect(await button(page, /^(Delete|Overwrite) /).count()).toBe(0);
  });

  it('says a refusal where the action was, and shows what is left', async () => {
    const page = await browser.open(`${site.url}/packages`, DESK, { expected: [403] });
    await startPublishing(page, 'gemini');
    await choose(page, { name: 'other-v1.1.0.zip', content: Buffer.from('x') });
    await uploadOf(page, 'other-v1.1.0.zip').getByText('insufficient_scope').waitFor();
    await said(page, 'Signed in as gemini').waitFor();

    const owner = { name: 'gemini', kind: 'token', scopes: ['read'] };
    await page.route('**/token', (route) => route.fulfill({ json: owner }), { times: 1 });
    await choose(page, { name: 'more-v1.1.0.zip', content: Buffer.from('x') });
    await said(page, 'Signed in as gemini (token), may read').waitFor();
    expect(await button(page, 'Publish').isVisible()).toBe(false);
    expect(await button(page, /^Delete /).count()).toBe(0);
  });

  it('signs out who is not known any more', async () => {
    const page = await browser.open(`${site.url}/packages`, DESK, { expected: [401] });
    await signIn(page, 'remover');
    const json = { title: 'A valid token is needed', detail: 'It has expired.', code: 'unauthorized' };
    await page.route('**/assets/**', (route) => route.fulfill({ status: 401, json }), { times: 1 });
    await button(page, `Delete ${GEMINI[0] ?? ''}`).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('alert').getByText('It has expired.').waitFor();
    expect(await said(page, 'Signed in as').count()).toBe(0);
    await page.getByRole('dialog').last().getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('dialog').getByText('It has expired.').waitFor();
    await page.keyboard.press('Escape');
    await button(page, 'Sign in').waitFor();
    expect(await button(page, /^Delete /).count()).toBe(0);
  });

  it('offers in releases what each may do with all that is in them', async () => {
    await stored('v1.1.8', true, 'gemini', 'other');
    await stored('v1.1.9', true, 'gemini');
    await stored('v1.2.0', false, 'gemini');
    const page = await browser.open(`${site.url}/releases`, DESK);
    await manage(page, 'gemini');
    await button(page, 'Draft a release').waitFor();
    const open = async (tag: string): Promise<void> => {
      await page.getByRole('navigation', { name: 'Server' }).getByRole('link', { name: 'Releases' }).click();
      await page.getByRole('main').getByRole('link', { name: tag, exact: true }).click();
      await page.getByRole('heading', { level: 1, name: tag }).waitFor();
    };
    const offered = () => page.getByRole('main').getByRole('button', { name: /Publish|Add|Edit|Delete/ });
    await open('v1.1.9');
    expect(await offered().allTextContents()).toEqual([
      'Publish release',
      'Add files',
      'Edit',
      'Delete draft',
      'Delete',
    ]);
    await open('v1.1.8');
    expect(await offered().allTextContents()).toEqual(['Add files', 'Edit', 'Delete']);
    expect(await buttonsOf(page, /^Delete /)).toEqual(['Delete gemini']);
    await open('v1.2.0');
    expect(await offered().count()).toBe(0);
    await button(page, 'Sign out').click();
    await manage(page, 'remover');
    await button(page, 'Delete release').waitFor();
    expect(await offered().allTextContents()).toEqual(['Delete release', 'Delete']);
    await page.getByRole('navigation', { name: 'Server' }).getByRole('link', { name: 'Releases' }).click();
    await page.getByRole('heading', { level: 1, name: 'Releases' }).waitFor();
    expect(await button(page, 'Draft a release').count()).toBe(0);
  });
});

describe('signing in on the page where reads ask for a token', () => {
  const path = writeTokens();
  const site = useSite(PACKAGES, () => ({ TOKENS_FILE: path, READ_ACCESS: 'token' }));
  const browser = useBrowser();
  afterAll(() => rm(dirname(path), { recursive: true }));

  it('says which scope a token lacks that may not read the list', async () => {
    const page = await browser.open(`${site.url}/packages`, DESK, { expected: [401, 403] });
    await page.getByRole('button', { name: 'Sign in' }).click();
    await giveToken(page, 'publisher');
    const words = 'The list could not be loaded: This token does not have the scope read.';
    await page.locator('#results').getByText(words).waitFor();
  });
});
