import type { PlannedPackage } from '#retention';
import { fileOf } from '#storage';

import { count, printable } from './command.js';

const HEAD = ['', 'package', 'release', 'bytes', 'published', 'leaves at', 'why'];

/** What becomes of packages as the lines of a table, and a last one that counts them. */
export function* retentionReport(plan: readonly PlannedPackage[]): Generator<string, void> {
  const rows = plan.map(rowOf);
  const widths = HEAD.map((head, at) =>
    rows.reduce((width, row) => Math.max(width, row[at]?.length ?? 0), head.length),
  );
  if (rows.length > 0) for (const row of [HEAD, ...rows]) yield lineOf(row, widths);
  const leaving = plan.filter(({ leaves }) => leaves);
  const bytes = leaving.reduce((sum, one) => sum + one.package.size, 0);
  yield `${count(leaving.length, 'package')} would leave, with ${count(bytes, 'byte')}; ${plan.length - leaving.length} would stay. Nothing was changed.`;
}

function rowOf({ package: stored, release = '', leaves, reason, leavesAt }: PlannedPackage): string[] {
  return [
    leaves ? 'leaves' : 'stays',
    fileOf(stored),
    printable(release),
    String(stored.size),
    timeOf(stored.createdAt),
    leaves || leavesAt === undefined ? '' : timeOf(leavesAt),
    printable(reason),
  ];
}

function lineOf(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((cell, at) => (HEAD[at] === 'bytes' ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
    .join('  ')
    .trimEnd();
}

function timeOf(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+/, '');
}
