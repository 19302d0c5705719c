// Takes the screenshots of the README, of the build on a store that is seeded for them:
//   npm run screenshots        with the Chromium of this machine, as the tests in a browser find it
// Beside them it writes what they were taken of, by which those tests tell when the page looks different.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
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

const browser = await launchChromium();
const directory = await mkdtemp(join(tmpdir(), 'screenshots-'));
await seed(directory);
const server = spawn(process.execPath, ['dist/apps/release-server/src/main.js'], {
  env: {
    CONFIG_PATH: '/dev/null',
    STORAGE_PATH: directory,
    HOST: '127.0.0.1',
    PORT: '0',
    AUTH_TOKEN: 'token',
    ...SEEDED,
  },
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const url = await addressOf(server);
  for (const colorScheme of ['light', 'dark']) {
    const viewport = { width: 1280, height: 720 };
    const page = await browser.newPage({ colorScheme, viewport, deviceScaleFactor: 1.5 });
    await page.goto(`${url}/packages`);
    await page.screenshot({ path: `${IMAGES}/packages-${colorScheme}.png` });
  }
  await writeFile(LIKENESS, `${await likenessOf(url)}\n`);
} finally {
  await browser.close();
  server.kill();
  await once(server, 'exit');
  await rm(directory, { recursive: true });
}

/** Where it listens, once it does. */
async function addressOf({ stdout }) {
  let log = '';
  for await (const chunk of stdout.iterator({ destroyOnReturn: false })) {
    log += chunk;
    const [found] = /http:\/\/127\.0\.0\.1:\d+/.exec(log) ?? [];
    if (found !== undefined) return found;
  }
  throw new Error(`the server ended: ${log}`);
}
