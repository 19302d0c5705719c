import { parseArgs } from 'node:util';

import { S3IndexRepair } from '#storage';

import { ConfigError } from '../config/config.error.js';
import { loadConfig } from '../config/config.loader.js';
import { configSchema } from '../config/config.schema.js';
import { s3Options } from '../config/storage.factory.js';
import { count, runCommand, UsageError } from './command.js';
import { reportOf } from './repair-report.js';

const NAME = 'repair-index';
const HELP = `Usage: ${NAME} [--verify] [--write [--replace]]

Rebuilds the index of the S3 driver from the metadata of the blobs, after it was lost. Without --write it only shows what
the index would list. Reads the configuration as the server does (CONFIG_PATH, environment) and needs no token.
Stop all servers first. See "Repair the index" in docs/storage.md.

      --verify   read every blob, and leave out those whose bytes do not match their digest
      --write    write the index; refused when there is one that can be read
      --replace  with --write: replace an index that can be read, too
  -h, --help     print this
`;

async function repairIndex(): Promise<number> {
  const { values } = parseArgs({
    options: {
      verify: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      replace: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (values.replace && !values.write) throw new UsageError('--replace goes with --write');
  const options = s3Options(loadConfig(configSchema));
  if (options === undefined) {
    throw new ConfigError(
      'storage_driver is filesystem, which has no index: set CONFIG_PATH to the configuration of a server with storage_driver: s3',
    );
  }
  const repair = await S3IndexRepair.open(options);
  try {
    return await planAndWrite(repair, values);
  } finally {
    repair.close();
  }
}

async function planAndWrite(
  repair: S3IndexRepair,
  { verify, write, replace }: { verify: boolean; write: boolean; replace: boolean },
): Promise<number> {
  const plan = await repair.plan({ verify });
  process.stdout.write(reportOf(repair.address, plan));
  if (write) {
    const refused = plan.existing === 'readable' && !replace;
    if (refused) throw new Error('nothing was written: the index can be read; add --replace to lose it');
    await repair.write(plan, { replace });
    process.stdout.write(`Written: ${repair.address} lists ${count(plan.packages.length, 'package')}.\n`);
  } else {
    const option = plan.existing === 'readable' ? '--write --replace' : '--write';
    process.stdout.write(
      `This was a dry run, and nothing was written. To write this index, add ${option}.\n`,
    );
  }
  return 0;
}

await runCommand(NAME, repairIndex);
