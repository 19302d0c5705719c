import { join } from 'node:path';

import * as fc from 'fast-check';

import { commands } from './support/commands.js';
import { Machine } from './support/machine.js';
import { Model } from './support/model.js';
import { assertAlways, SEED } from './support/property.js';
import { row } from './support/row.js';

const LIMIT = 3;

row(
  'C5',
  'random commands about packages and releases, changes by hand, restarts and kills, against a model',
  {
    rounds: { usual: 6, long: 200, of: 'sequences' },
    timeout: { usual: 300_000, long: 3_600_000 },
  },
  async ({ server, rounds, directory, note }) => {
    note(`seed ${SEED}`);
    let sequences = 0;
    let steps = 0;
    await assertAlways(
      commands,
      async (sequence) => {
        steps += [...sequence].length;
        const path = join(directory, `${sequences++}`);
        const machine = new Machine(path, () => server({ MAX_PACKAGES: `${LIMIT}` }, { directory: path }));
        await machine.start();
        try {
          const model = new Model(LIMIT);
          await fc.asyncModelRun(() => ({ model, real: machine }), sequence);
          await machine.expectAll(model);
        } finally {
          await machine.server.kill();
        }
      },
      { runs: rounds },
    );
    note(`${steps} commands`);
  },
);
