// Builds the server into dist, and with `example` the example of the documentation too, where that is not done:
//   node tools/build/main.mjs [example]
// A complete build notes what it was made of and what it made. When both are as they were there is nothing to do, which
// takes some milliseconds to find out; in every other case it builds.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

import { stateOf } from './files.mjs';

const STAMP = 'dist/built.json';
const INPUTS = [
  'apps/release-server/browser',
  'apps/release-server/src',
  'apps/release-server/tsconfig.app.json',
  'libs',
  'node_modules/.package-lock.json',
  'package.json',
  'tools/build',
  'tsconfig.json',
];
const OUTPUTS = [
  'dist/apps',
  'dist/browser',
  'dist/examples',
  'dist/libs',
  'dist/server',
  'dist/tsconfig.tsbuildinfo',
];

const withExample = process.argv[2] === 'example';
const made = {
  node: process.version,
  server: stateOf(INPUTS),
  example: withExample ? stateOf(['examples']) : undefined,
};
const last = lastBuild();
const isWhole = last?.outputs === stateOf(OUTPUTS);
const isSame = last?.node === made.node && last.server === made.server;
if (!isWhole || !isSame || (withExample && last.example !== made.example)) build();

function lastBuild() {
  try {
    return JSON.parse(readFileSync(STAMP, 'utf8'));
  } catch {
    return undefined;
  }
}

function build() {
  if (!existsSync('dist')) console.error('Building, which takes a while the first time …');
  // Removed first, so that an interrupted build leaves none.
  rmSync(STAMP, { force: true });
  compile('apps/release-server/tsconfig.app.json');
  // Also emits the files of the server that it imports.
  if (withExample) compile('examples');
  run('apps/release-server/browser/build.mjs');
  run('tools/build/bundle.mjs');
  // The inputs as they were before: what has changed during the build is built the next time.
  writeFileSync(STAMP, JSON.stringify({ ...made, outputs: stateOf(OUTPUTS) }));
}

function compile(project) {
  // The compiler does not notice that files which it has written are gone.
  run('node_modules/typescript/bin/tsc', '--build', project, ...(isWhole ? [] : ['--force']));
}

function run(...command) {
  const { status } = spawnSync(process.execPath, command, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
