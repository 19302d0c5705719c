// Runs the rows of the table of faults (docs/reliability.md) against the build, and prints what each did.
//   npm run test:faults [-- ROW...]              in some minutes
//   FAULTS_ROUNDS=long npm run test:faults       the goal figures, in hours
//   FAULTS_SEED=7 npm run test:faults -- F1      the random choices of a report once more
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { jest } from './jest.mjs';

const ROWS = 'apps/release-server/test/faults';
/** Their rows measure time or memory, so that none runs beside them. */
const MEASURING =
  /^(connections|distinct-lists|listings|object-store-load|patterns|resources|soak)\.faults-spec\.ts$/;

const wanted = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const directory = await mkdtemp(join(tmpdir(), 'faults-'));
const report = join(directory, 'report');

/** Only the files that have the rows, for each costs time. */
async function filesOf(rows) {
  const all = (await readdir(ROWS)).filter((name) => name.endsWith('.faults-spec.ts'));
  const texts = await Promise.all(all.map((name) => readFile(join(ROWS, name), 'utf8')));
  return all.filter((_, at) => rows.length === 0 || rows.some((id) => texts[at].includes(`'${id}',`)));
}

async function run(files, ...options) {
  if (files.length === 0) return 0;
  const parameters = [`--config=${ROWS}/jest.config.js`, ...options];
  if (wanted.length > 0) parameters.push(`--testNamePattern=^(${wanted.join('|')}) `);
  return jest([...parameters, ...files.map((name) => join(ROWS, name))], { FAULTS_REPORT: report });
}

const files = await filesOf(wanted);
const isAlone = (name) => process.env.FAULTS_ROUNDS === 'long' || MEASURING.test(name);
const codes = [
  await run(
    files.filter((name) => !isAlone(name)),
    '--maxWorkers=2',
  ),
  await run(files.filter(isAlone), '--runInBand'),
];

const rows = (await readFile(report, 'utf8').catch(() => ''))
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line))
  .filter(({ id }) => wanted.length === 0 || wanted.includes(id))
  .sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }));
await rm(directory, { recursive: true });

for (const { id, does, figures, result, seconds, reason } of rows) {
  const outcome = result === 'skipped' ? `skipped: ${reason}` : `${result} in ${seconds.toFixed(1)} s`;
  console.log(`${id.padEnd(3)} ${does}\n      ${figures.join(', ')}: ${outcome}`);
}
const count = (result) => rows.filter((row) => row.result === result).length;
const skipped = count('skipped') > 0 ? `, ${count('skipped')} skipped` : '';
console.log(`${count('passed')} passed, ${count('failed')} failed${skipped}`);
process.exit(codes.every((code) => code === 0) && rows.length > 0 ? 0 : 1);
