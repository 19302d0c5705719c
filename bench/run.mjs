// Measures the build beside peers, beside another build, or beside itself with more packages: bench/README.md
//   npm run bench [-- quick|full|NAME ...] [--against DIRECTORY] [--without-peers] [--rounds N] [--seconds N] [--json FILE] [--dir DIRECTORY]
import { rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import * as downloads from './figures/downloads.mjs';
import * as publishes from './figures/publishes.mjs';
import * as memory from './figures/memory.mjs';
import * as reads from './figures/reads.mjs';
import * as releases from './figures/releases.mjs';
import * as s3 from './figures/s3.mjs';
import * as scale from './figures/scale.mjs';
import * as searches from './figures/searches.mjs';
import * as start from './figures/start.mjs';
import * as uploads from './figures/uploads.mjs';
import { circumstances } from './circumstances.mjs';
import { interleaved } from './rounds.mjs';
import { rowsOf, table } from './table.mjs';

const GROUPS = { reads, downloads, uploads, publishes, scale, searches, releases, start, memory, s3 };
const MODES = { quick: { rounds: 3, seconds: 1 }, full: { rounds: 7, seconds: 3 } };
/** Figures that `quick` has only where they are named: others are close to them. */
const LEFT_OUT = new Set([
  'latest-304',
  'page-html',
  'after-publish-gzip',
  'page-50',
  'search-none',
  'search-all',
  'search-by-size',
  'search-page-5',
  ...Object.keys(releases.figures),
]);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    against: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    json: { type: 'string' },
    'without-peers': { type: 'boolean', default: false },
    dir: { type: 'string', default: tmpdir() },
  },
});
const isQuick = positionals.includes('quick');
const mode = MODES[isQuick ? 'quick' : 'full'];
const chosen = positionals.filter((word) => !(word in MODES));
const wanted = (group, name) =>
  chosen.length === 0 ? !isQuick || !LEFT_OUT.has(name) : chosen.includes(group) || chosen.includes(name);
for (const word of chosen) {
  if (word in GROUPS || Object.values(GROUPS).some(({ figures }) => word in figures)) continue;
  const known = Object.entries(GROUPS).map(
    ([group, { figures }]) => `${group} (${Object.keys(figures).join(', ')})`,
  );
  console.error(`bench: there is no figure '${word}'; there are ${known.join(', ')}`);
  process.exit(2);
}

const measurements = [];
const bench = {
  rounds: Number(values.rounds ?? mode.rounds),
  seconds: Number(values.seconds ?? mode.seconds),
  isQuick,
  hasPeers: !values['without-peers'],
  directory: await mkdtemp(join(resolve(values.dir), 'bench-')),
  checkouts: [
    { name: 'this build', checkout: resolve('.') },
    ...(values.against === undefined ? [] : [{ name: 'that build', checkout: resolve(values.against) }]),
  ],
  /** Measures a figure in rounds; `pairs` are the names to be held against each other, else the first and each other. */
  compare: async (name, { title, unit, isFresh }, contestants, measure, pairs) => {
    const results = await interleaved(contestants, bench.rounds, measure, { isFresh });
    const [first, ...others] = contestants.map((contestant) => contestant.name);
    bench.record({ name, title, unit, pairs: pairs ?? others.map((other) => [first, other]), results });
  },
  record: (measurement) => {
    measurements.push(measurement);
    for (const [title, value, to, its, share, spread, cpu, itsCpu] of rowsOf(measurement)) {
      console.error(`${title}: ${value} (${cpu}), ${to} ${its} (${itsCpu}): ${share} (${spread})`);
    }
  },
};

process.once('exit', () => rmSync(bench.directory, { recursive: true, force: true, maxRetries: 10 }));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
const facts = await circumstances(values);
for (const [group, { figures, run }] of Object.entries(GROUPS)) {
  const names = Object.keys(figures).filter((name) => wanted(group, name));
  if (names.length === 0) continue;
  // The other groups are measured all the same: an older build may know nothing of what one asks for.
  await run(bench, names).catch((error) => {
    console.error(`bench: ${group} is left out: ${error.message}`);
    process.exitCode = 1;
  });
}
console.log(table(measurements.flatMap(rowsOf)));
if (values.json !== undefined) {
  await writeFile(values.json, `${JSON.stringify({ ...facts, measurements }, undefined, 2)}\n`);
}
