import { expect } from '@jest/globals';
import axe from 'axe-core';
import { HtmlValidate } from 'html-validate';
import type { Page } from 'playwright-core';

/** WCAG 2.2 to AA, and what axe-core recommends beyond it. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What Swagger UI makes is its own affair: its colours do not pass, and its schemas scroll within themselves. */
const FOREIGN = '#swagger-ui';

/** Of screens, in CSS pixels. */
export const WIDTHS = [320, 360, 1280, 3840];

/** The rules of the HTML standard, as opposed to tastes. */
const validator = new HtmlValidate({ root: true, extends: ['html-validate:standard'] });

/** HTML, as it was sent or as the browser has it, is valid. */
export async function expectValidHtml(html: string): Promise<void> {
  const { results } = await validator.validateString(html);
  const faults = results.flatMap(({ messages }) =>
    messages.map(
      ({ ruleId, message, offset }) => `${ruleId}: ${message} at ${html.slice(offset - 1, offset + 80)}`,
    ),
  );
  expect(faults).toEqual([]);
}

/** axe-core finds nothing on the page as it stands, but for `tolerated` rules. Needs scripts: axe-core is one. */
export async function expectAccessible(page: Page, tolerated: readonly string[] = []): Promise<void> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(
    ([exclude, runOnly]) =>
      (window as unknown as { axe: typeof axe }).axe.run({ exclude: [exclude] }, { runOnly }),
    [FOREIGN, RULES] as const,
  );
  const faults = violations.filter(({ id }) => !tolerated.includes(id));
  expect(faults.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map(({ html }) => html) }))).toEqual(
    [],
  );
}

/** Nobody has to scroll to the side, neither the page nor a part of it. */
export async function expectNoSidewaysScrolling(page: Page): Promise<void> {
  const wide = await page.evaluate((foreign) => {
    const { scrollWidth, clientWidth } = document.documentElement;
    const scrolling = [...document.querySelectorAll(`body, body *:not(${foreign} *)`)].filter(
      (one) =>
        ['auto', 'scroll'].includes(getComputedStyle(one).overflowX) && one.scrollWidth > one.clientWidth,
    );
    return {
      // Where a gutter is kept for a scroll bar that is not there, the page is narrower than its window.
      beyond: Math.max(0, scrollWidth - clientWidth),
      scrolling: scrolling.map((one) => one.outerHTML.slice(0, 200)),
    };
  }, FOREIGN);
  expect(wide).toEqual({ beyond: 0, scrolling: [] });
}

/** All of it, in light and dark, from the narrowest screen of WCAG 2.2 §1.4.10 over phone and desk to 4K. */
export async function expectWellMade(page: Page): Promise<void> {
  await expectValidHtml(await page.content());
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    await expectNoSidewaysScrolling(page);
  }
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      await expectAccessible(page);
    }
  }
}
