import { parseArgs } from 'node:util';

import { catalogOf } from '#releases';
import { defaultPolicy, RetentionService } from '#retention';

import { loadConfig } from '../config/config.loader.js';
import { configSchema } from '../config/config.schema.js';
import { retentionOptions } from '../config/retention.factory.js';
import { storageOptions } from '../config/storage.factory.js';
import { runCommand, UsageError } from './command.js';
import { retentionReport } from './retention-report.js';

const NAME = 'retention';
const HELP = `Usage: ${NAME} --dry-run

Shows which packages would leave if a server started now with this configuration, and why each of the others stays.
Reads the configuration as the server does (CONFIG_PATH, environment) and needs no token; servers may run meanwhile.
Nothing is changed: what leaves does so at the start of a server, with a publish, or by its age while one runs. A policy
of an extension is not asked; of a running server GET /retention tells the same, with its own. See "When the store is
full" in docs/operations.md.

      --dry-run  needed, for there is nothing else that this command does
  -h, --help     print this
`;

async function retention(): Promise<number> {
  const { values } = parseArgs({
    options: {
      'dry-run': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (!values['dry-run']) throw new UsageError('give --dry-run: servers apply retention themselves');
  const config = loadConfig(configSchema);
  const options = retentionOptions(config);
  const store = await storageOptions(config, true).open();
  try {
    const snapshot = await store.snapshot();
    catalogOf(snapshot);
    const service = new RetentionService(defaultPolicy(options), options);
    for (const line of retentionReport([...service.plan(snapshot)])) process.stdout.write(`${line}\n`);
    return 0;
  } finally {
    await store.close();
  }
}

await runCommand(NAME, retention);
