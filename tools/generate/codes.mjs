import { markdownTable } from './blocks.mjs';
import { PROBLEMS } from './sources.mjs';

const problems = Object.entries(PROBLEMS);

/** The contract with its list of codes. */
export function withCodes(contract) {
  const list = /^(    ProblemCode:\n(?:      .*\n)*?      enum:\n)(?:        - .*\n)*/m;
  if (!list.test(contract)) throw new Error('no place for the codes of errors');
  return contract.replace(list, (_, head) => head + problems.map(([code]) => `        - ${code}\n`).join(''));
}

/** What each code means, for who writes clients. */
export function meaningsTable() {
  const rows = problems.map(([code, { status, meaning, again }]) => [`\`${code}\``, status, meaning, again]);
  return markdownTable([['code', 'status', 'meaning', 'again'], ...rows]);
}

/** What to do about each code. */
export function remediesTable() {
  const rows = problems.map(([code, { status, cause, remedy }]) => [
    `\`${code}\` (${status})`,
    cause,
    remedy,
  ]);
  return markdownTable([['code', 'cause', 'what to do'], ...rows]);
}
