// Breaks the product in one place after another (the lists in apps/release-server/test/faults/mutants) and shows that a row of the table of
// faults fails with each. A mutant that survives means that its row is no test.
//   npm run test:mutants [-- ID...]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import ts from 'typescript';

import { bundle } from '../build/bundle.mjs';
import { loadMutants, Sources } from '../../apps/release-server/test/faults/mutants/mutants.ts';

/** Mutants at once; more would make rows fail by their time. */
const WORKERS = 2;

const wanted = process.argv.slice(2);
const mutants = loadMutants().filter(
  ({ id, row }) => wanted.length === 0 || wanted.includes(id) || wanted.includes(row),
);
const sources = new Sources();
const { options } = ts.parseJsonConfigFileContent(
  ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path)).config,
  ts.sys,
  process.cwd(),
);
/** Alone, a file cannot tell which kind of module it is. */
const compilerOptions = {
  ...options,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
};

/** The built product with the sources that a mutant changes. */
async function build(mutant) {
  const tree = await mkdtemp(join(tmpdir(), `mutant-${mutant.id}-`));
  await cp('dist', join(tree, 'dist'), { recursive: true });
  await cp('package.json', join(tree, 'package.json'));
  for (const shared of ['node_modules', 'contracts']) await symlink(resolve(shared), join(tree, shared));
  for (const [path, source] of sources.mutate(mutant)) {
    const { outputText } = ts.transpileModule(source, { compilerOptions, fileName: path });
    await writeFile(join(tree, 'dist', path.replace(/\.tsx?$/, '.js')), outputText);
  }
  await bundle(tree);
  return tree;
}

/** Runs one row on a tree. */
async function run(row, tree) {
  const child = spawn(process.execPath, ['tools/test/faults.mjs', row], {
    env: { ...process.env, PRODUCT: tree, FAULTS_ROUNDS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  await once(child, 'close');
  return output;
}

/** What came of a mutant, and the words for it. */
async function judge(mutant) {
  let tree;
  try {
    tree = await build(mutant);
  } catch (error) {
    return { outcome: 'survived', words: `it cannot be built: ${error.message}` };
  }
  const output = await run(mutant.row, tree);
  await rm(tree, { recursive: true });
  const summary = output.trimEnd().split('\n').at(-1) ?? '';
  if (summary === '0 passed, 0 failed, 1 skipped') {
    return { outcome: 'skipped', words: /skipped: (.*)/.exec(output)?.[1] };
  }
  const says = output.match(new RegExp(mutant.says))?.[0];
  const isKilled = summary.startsWith('0 passed, 1 failed') && says !== undefined;
  return isKilled
    ? { outcome: 'killed', words: says }
    : { outcome: 'survived', words: `${summary}\n${output.replace(/^/gm, '    ')}` };
}

const results = { killed: 0, survived: 0, skipped: 0 };
const queue = mutants.values();
async function work() {
  for (const mutant of queue) {
    const { outcome, words } = await judge(mutant);
    results[outcome] += 1;
    console.log(`${outcome.padEnd(8)} ${mutant.row.padEnd(3)} ${mutant.id}: ${words}`);
  }
}
await Promise.all(Array.from({ length: WORKERS }, work));
const skipped = results.skipped > 0 ? `, ${results.skipped} skipped` : '';
console.log(`${results.killed} passed, ${results.survived} failed${skipped}`);
process.exit(results.survived === 0 && mutants.length > 0 ? 0 : 1);
