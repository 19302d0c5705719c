import type { RepairPlan } from '#storage';

import { count, printable } from './command.js';

const INDEX: Readonly<Record<RepairPlan['existing'], string>> = {
  readable: 'exists and can be read; a server needs no repair, unless it does not list what is there',
  unreadable: 'exists and cannot be read',
  missing: 'is missing',
};

const WARNING = `Mind: packages that were deleted or evicted less than the grace time ago, versions that were overwritten by one
of these, and uploads that were never confirmed are among them where their blobs are still there. Times are those
of the blobs. Releases that were moved to another tag have their packages under the first one, and releases without a
record of which something was uploaded to a draft are drafts.
`;

/** What a repair would do, in words: name, size, time and key of each package, then what is left out and why. */
export function reportOf(address: string, { existing, packages, records, leftOut }: RepairPlan): string {
  const sizes = widest(packages.map(({ size }) => String(size)));
  const names = widest(packages.map(({ name }) => name));
  const listed = packages.map(
    ({ name, size, at, key }) =>
      `  ${name.padEnd(names)}  ${String(size).padStart(sizes)}  ${timeOf(at)}  ${printable(key)}\n`,
  );
  const releases = records.map(
    ({ record }) => `  ${printable(record.tag)}${record.isDraft ? '  (draft)' : ''}\n`,
  );
  const others = leftOut.map(({ key, reason }) => `  ${printable(key)}: ${reason}\n`);
  return [
    `${address} ${INDEX[existing]}.\n`,
    `Of the blobs it would list ${count(packages.length, 'package')}${packages.length > 0 ? ' (name, size, time, key):' : '.'}\n`,
    ...listed,
    ...(records.length === 0
      ? []
      : [`And the records of ${count(records.length, 'release')}:\n`, ...releases]),
    ...(others.length === 0 ? [] : [`It would leave out ${count(others.length, 'blob')}:\n`, ...others]),
    ...(packages.length === 0 ? [] : [WARNING]),
  ].join('');
}

function widest(texts: readonly string[]): number {
  return texts.reduce((width, { length }) => Math.max(width, length), 0);
}

function timeOf(at: number): string {
  return new Date(at).toISOString();
}
