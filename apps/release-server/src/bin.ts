#!/usr/bin/env node
// Any Node must understand this file and what it imports, to be told which one the server takes: all else is loaded afterwards.
import { fileURLToPath } from 'node:url';

import { NODE_TOO_OLD } from './node-version.js';

const EX_USAGE = 2;
const HELP = `Usage: release-server [COMMAND]

Without a command, serves: docs/operations.md has the configuration, which is read from CONFIG_PATH or
/etc/release-server/config.yaml, and from the environment.

  migrate        copy all packages of one store to another
  repair-index   rebuild the index of the S3 driver
  retention      show what would leave, with --dry-run
  token          make a token, or tell what one may do

  -h, --help     print this; after a command, what that takes
      --version  print the version
`;

async function run(): Promise<void> {
  const command = process.argv[2];
  switch (command) {
    case undefined:
      return serve();
    case 'migrate':
    case 'repair-index':
    case 'retention':
    case 'token':
      process.argv.splice(2, 1);
      await import(`./commands/${command}.js`);
      return;
    case '-h':
    case '--help':
      process.stdout.write(HELP);
      return;
    case '--version':
      process.stdout.write(`${(await import('./config/product.js')).PRODUCT_VERSION}\n`);
      return;
    default:
      process.stderr.write(`release-server: unknown command ${JSON.stringify(command)}; see --help\n`);
      process.exitCode = EX_USAGE;
  }
}

/** Becomes the server: the flag counts only where Node starts with it, and a child would need its signals passed on. */
function serve(): void {
  const main = fileURLToPath(new URL('../../../server/main.js', import.meta.url));
  process.execve?.(process.execPath, [
    process.execPath,
    ...process.execArgv,
    '--max-semi-space-size=8',
    '--heap-growing-percent=25',
    main,
  ]);
}

if (NODE_TOO_OLD === undefined) {
  await run();
} else {
  process.stderr.write(`${NODE_TOO_OLD}\n`);
  process.exitCode = 1;
}
