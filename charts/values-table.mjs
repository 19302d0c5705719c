// Writes the table of values in a chart's README.md from the comments in its values.yaml; with --check only compares.
//   node charts/values-table.mjs [--check] [CHART]
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { load } from 'js-yaml';

const START = '<!-- values: written by charts/values-table.mjs -->';
const END = '<!-- end of values -->';

const check = process.argv.includes('--check');
const chart =
  process.argv.slice(2).find((word) => !word.startsWith('--')) ??
  join(dirname(fileURLToPath(import.meta.url)), 'release-server');
const text = readFileSync(join(chart, 'values.yaml'), 'utf8');
const values = load(text);

const described = descriptions(text);
const bare = leaves(values).filter((path) => !ancestors(path).some((above) => described.has(above)));
if (bare.length > 0) fail(`values.yaml: no "# --" comment above ${bare.join(', ')}`);

const rows = [...described].map(([path, meaning]) => [
  `\`${path}\``,
  `\`${JSON.stringify(at(path)).replaceAll('|', '\\|')}\``,
  meaning.replaceAll('|', '\\|'),
]);
const table = layOut([['value', 'default', 'meaning'], ...rows]);

const file = join(chart, 'README.md');
const readme = readFileSync(file, 'utf8');
const [from, to] = [readme.indexOf(START), readme.indexOf(END)];
if (from < 0 || to < from) fail(`README.md: no place for the table: ${START} … ${END}`);
const wanted = `${readme.slice(0, from)}${START}\n\n${table}\n\n${readme.slice(to)}`;
if (check && wanted !== readme)
  fail('README.md: the table does not agree with values.yaml; run node charts/values-table.mjs');
if (!check) writeFileSync(file, wanted);

/** The text of each `# --` comment by the path of the key below it. */
function descriptions(yaml) {
  const found = new Map();
  const path = [];
  let meaning;
  for (const line of yaml.split('\n')) {
    const comment = /^\s*# -- (.*)$/.exec(line);
    const key = /^(\s*)([A-Za-z_][\w]*):/.exec(line);
    if (comment) meaning = comment[1];
    else if (key) {
      path.splice(key[1].length / 2, path.length, key[2]);
      if (meaning !== undefined) found.set(path.join('.'), meaning);
      meaning = undefined;
    }
  }
  return found;
}

function leaves(node, path = []) {
  const isMap = typeof node === 'object' && node !== null && !Array.isArray(node);
  if (!isMap || Object.keys(node).length === 0) return [path.join('.')];
  return Object.entries(node).flatMap(([key, value]) => leaves(value, [...path, key]));
}

function ancestors(path) {
  return path.split('.').map((_, index, keys) => keys.slice(0, index + 1).join('.'));
}

function at(path) {
  return path.split('.').reduce((node, key) => node[key], values);
}

function layOut(cells) {
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => [...row[column]].length)));
  const line = (row, fill) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column], fill)).join(' | ')} |`;
  const rule = line(['', '', ''], '-');
  return [line(cells[0], ' '), rule, ...cells.slice(1).map((row) => line(row, ' '))].join('\n');
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
