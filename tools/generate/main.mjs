// Writes what follows from the sources elsewhere: from the schema of the configuration the tables in README.md and what
// the chart knows of keys, from the table of error codes the contract's list of them and the tables in docs/.
//   npm run generate [-- --check]     with --check it writes nothing, and fails where something is out of date
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { format, resolveConfig } from 'prettier';

import { replaceBetween } from './blocks.mjs';
import { chartSchema, chartValues, chartVariables } from './chart.mjs';
import { meaningsTable, remediesTable, withCodes } from './codes.mjs';
import { keyTables } from './key-tables.mjs';
import { valuesTable } from './values-table.mjs';

const CHART = 'charts/release-server';
const check = process.argv.includes('--check');
const stale = [];

/** The new text of a file, as a function of what it has now. */
async function generate(path, make) {
  const text = readFileSync(path, 'utf8');
  const made = path.endsWith('.tpl')
    ? make(text)
    : await format(make(text), { ...(await resolveConfig(path)), filepath: path });
  if (made !== text) stale.push(path);
  if (!check) writeFileSync(path, made);
  return made;
}

await generate('contracts/openapi.yaml', withCodes);
await generate('docs/http.md', (text) => replaceBetween(text, 'codes', `\n${meaningsTable()}\n`));
await generate('docs/troubleshooting.md', (text) => replaceBetween(text, 'codes', `\n${remediesTable()}\n`));
await generate('README.md', (text) => replaceBetween(text, 'keys', keyTables()));
const values = await generate(join(CHART, 'values.yaml'), (text) =>
  replaceBetween(text, 'config', chartValues()),
);
await generate(join(CHART, 'values.schema.json'), (text) => {
  const schema = JSON.parse(text);
  schema.properties.config = chartSchema();
  return JSON.stringify(schema, null, 2);
});
await generate(join(CHART, 'templates/_variables.tpl'), (text) =>
  replaceBetween(text, 'variables', chartVariables()),
);
await generate(join(CHART, 'README.md'), (text) => replaceBetween(text, 'values', valuesTable(values)));

if (stale.length > 0)
  console.log(`${check ? 'out of date, run npm run generate' : 'written'}: ${stale.join(', ')}`);
if (check) process.exitCode = stale.length > 0 ? 1 : 0;
