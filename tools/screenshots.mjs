// Takes the screenshots of the README, of the build on a store that is seeded for them:
//   npm run screenshots        with the Chromium of this machine, as the tests in a browser find it
// Beside them it writes what they were taken of, by which those tests tell when the page looks different.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { launchChromium } from '../apps/release-server/test/browser/support/chromium.ts';
import {
  IMAGES,
  LIKENESS,
  likenessOf,
  seed,
  SEEDED,
} from '../apps/release-server/test/browser/support/likeness.ts';
import { startBuilt } from '../apps/release-server/test/support/built-server.ts';

const browser = await launchChromium();
const directory = await mkdtemp(join(tmpdir(), 'screenshots-'));
await seed(directory);
const { url, stop } = await startBuilt({ STORAGE_PATH: directory, AUTH_TOKEN: 'token', ...SEEDED });
try {
  for (const colorScheme of ['light', 'dark']) {
    const viewport = { width: 1280, height: 720 };
    const page = await browser.newPage({ colorScheme, viewport, deviceScaleFactor: 1.5 });
    await page.goto(`${url}/packages`);
    await page.screenshot({ path: `${IMAGES}/packages-${colorScheme}.png` });
  }
  await writeFile(LIKENESS, `${await likenessOf(url)}\n`);
} finally {
  await browser.close();
  await stop();
  await rm(directory, { recursive: true });
}
