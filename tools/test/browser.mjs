// Runs the tests of the pages in the Chromium of this machine, on the build:
//   npm run test:browser [-- PATTERN...]     those files only
//   CHROMIUM=/path/to/it npm run test:browser
import { findChromium, HOW_TO_INSTALL } from '../../apps/release-server/test/browser/support/chromium.ts';
import { jest } from './jest.mjs';

if (findChromium() === undefined) {
  console.log(`skip  the tests in a browser: ${HOW_TO_INSTALL}`);
  console.log('0 passed, 0 failed, 1 skipped');
} else {
  process.exitCode = await jest([
    '--config=apps/release-server/test/browser/jest.config.js',
    ...process.argv.slice(2),
  ]);
}
