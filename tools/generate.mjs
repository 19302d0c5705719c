// Writes those parts of files that follow from the sources. With --check it only tells which are not current.
import { readFileSync, writeFileSync } from 'node:fs';

import { format, resolveConfig } from 'prettier';

import { PROBLEMS } from '../apps/release-server/src/problems/problem-codes.ts';

const problems = Object.entries(PROBLEMS);

/** Each part is what stands between two patterns, the second at its next place behind the first. */
const PARTS = [
  {
    file: 'contracts/openapi.yaml',
    after: /^    ProblemCode:\n(?:      .*\n)*?      enum:\n/m,
    until: /^    \S/m,
    text: problems.map(([code]) => `        - ${code}\n`).join(''),
  },
  markdownTable(
    'docs/http.md',
    'problem-codes',
    ['code', 'status', 'meaning', 'again'],
    ([code, problem]) => [`\`${code}\``, problem.status, problem.meaning, problem.again],
  ),
  markdownTable(
    'docs/troubleshooting.md',
    'problem-codes',
    ['code', 'cause', 'what to do'],
    ([code, problem]) => [`\`${code}\` (${problem.status})`, problem.cause, problem.remedy],
  ),
];

/** A table between comments, of which the first says what it is made of. */
function markdownTable(file, name, headings, cellsOf) {
  const rows = [headings, headings.map(() => '---'), ...problems.map(cellsOf)];
  return {
    file,
    after: new RegExp(`^<!-- made of ${name}\\.ts by npm run generate -->\n`, 'm'),
    until: /^<!-- end -->/m,
    text: `\n${rows.map((cells) => `| ${cells.join(' | ')} |\n`).join('')}\n`,
  };
}

async function generated({ file, after, until, text }) {
  const source = readFileSync(file, 'utf8');
  const start = after.exec(source);
  if (start === null) throw new Error(`${file} has no place for what is made: ${after}`);
  const from = start.index + start[0].length;
  const length = source.slice(from).search(until);
  if (length < 0) throw new Error(`${file} has no end of what is made: ${until}`);
  const result = source.slice(0, from) + text + source.slice(from + length);
  return { source, result: await format(result, { ...(await resolveConfig(file)), filepath: file }) };
}

const isCheck = process.argv.includes('--check');
for (const part of PARTS) {
  const { source, result } = await generated(part);
  if (result === source) continue;
  if (!isCheck) writeFileSync(part.file, result);
  console.log(isCheck ? `${part.file} is not current: npm run generate` : `wrote ${part.file}`);
  if (isCheck) process.exitCode = 1;
}
