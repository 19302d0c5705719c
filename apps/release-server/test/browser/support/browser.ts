import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

import { launchChromium } from './chromium.js';
import type { Variant } from './variants.js';
import { watch, type BROKEN } from './watch.js';

interface OpenOptions extends BrowserContextOptions {
  /** Error statuses that the test provokes, and whether it breaks connections. */
  readonly expected?: readonly (number | typeof BROKEN)[];
}

export interface TestBrowser {
  /** Opens an address as a newcomer; the page is closed at the end of the test. */
  open(url: string, variant: Variant, options?: OpenOptions): Promise<Page>;
}

/** One browser for the tests of a file. At the end of each, its pages must have done nothing that none may do. */
export function useBrowser(): TestBrowser {
  let browser: Browser;
  const faults: (readonly string[])[] = [];
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    expect(faults.splice(0).flat()).toEqual([]);
  });
  return {
    open: async (url, { colours, width, scripts }, { expected = [], ...options } = {}) => {
      const context = await browser.newContext({
        colorScheme: colours,
        javaScriptEnabled: scripts,
        locale: 'en',
        viewport: { width, height: 800 },
        ...options,
      });
      context.setDefaultTimeout(60_000);
      faults.push(await watch(context, new URL(url).origin, expected));
      const page = await context.newPage();
      await page.goto(url);
      return page;
    },
  };
}

/** Waits until what somebody reads is what is expected; fails with the difference after half a minute. */
export async function eventually<T>(read: () => Promise<T>, expected: T): Promise<void> {
  const end = Date.now() + 30_000;
  for (;;) {
    const found = await read();
    try {
      expect(found).toEqual(expected);
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
      await delay(20);
    }
  }
}
