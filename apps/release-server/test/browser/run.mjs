// Runs the tests of the pages in the Chromium of this machine, on the build:
//   npm run test:browser [-- PATTERN...]     those files only
//   CHROMIUM=/path/to/it npm run test:browser
import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { findChromium, HOW_TO_INSTALL } from './support/chromium.ts';

if (findChromium() === undefined) {
  console.log(`skip  the tests in a browser: ${HOW_TO_INSTALL}`);
  console.log('0 passed, 0 failed, 1 skipped');
  process.exit(0);
}
const jest = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
  '--config=apps/release-server/test/browser/jest.config.js',
  ...process.argv.slice(2),
];
const [code] = await once(spawn(process.execPath, jest, { stdio: 'inherit' }), 'exit');
process.exit(code ?? 1);
