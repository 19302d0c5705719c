// Runs the rows of the table of faults (docs/reliability.md) against the build, and prints what each did.
//   npm run test:faults [-- ROW...]              in some minutes
//   FAULTS_ROUNDS=long npm run test:faults       the goal figures, in hours
//   FAULTS_SEED=7 npm run test:faults -- F1      the random choices of a report once more
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROWS = 'apps/release-server/test/faults';

const wanted = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const directory = await mkdtemp(join(tmpdir(), 'faults-'));
const report = join(directory, 'report');

const jest = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
  '--config=apps/release-server/test/faults/jest.config.js',
  '--runInBand',
];
if (wanted.length > 0) {
  jest.push(`--testNamePattern=^(${wanted.join('|')}) `);
  // Only the files that have them, for each costs time.
  for (const file of (await readdir(ROWS)).filter((name) => name.endsWith('.faults-spec.ts'))) {
    const text = await readFile(join(ROWS, file), 'utf8');
    if (wanted.some((id) => text.includes(`'${id}',`))) jest.push(join(ROWS, file));
  }
}
const child = spawn(process.execPath, jest, {
  stdio: 'inherit',
  env: { ...process.env, FAULTS_REPORT: report },
});
const [code] = await once(child, 'exit');

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
process.exit(code === 0 && rows.length === 0 ? 1 : code);
