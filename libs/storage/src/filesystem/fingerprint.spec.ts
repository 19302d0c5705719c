import type { BigIntStats } from 'node:fs';

import { fingerprintOf, isMoved, modifiedAt } from './fingerprint.js';

const MILLISECOND = 1_000_000n;
const CAME = 1_700_000_000_000n;

function stats(changes: Partial<Record<'size' | 'mtimeNs' | 'ino' | 'ctimeNs', bigint>> = {}): BigIntStats {
  const ctimeNs = CAME * MILLISECOND;
  return { size: 1n, mtimeNs: 2n, ino: 3n, ctimeNs, ...changes } as unknown as BigIntStats;
}

describe('the modification time of a file', () => {
  const year = 31_556_952n * 1000n;

  it.each([
    ['of the year 3,170,843', 3_168_873n * year],
    ['a millisecond before 1970', -1n],
    ['of 1601', -369n * year],
    ['a millisecond after 9999', 253_402_300_800_000n],
  ])('%s is when it came', (_, milliseconds) => {
    expect(modifiedAt(stats({ mtimeNs: milliseconds * MILLISECOND }))).toBe(Number(CAME));
  });

  it.each([0n, CAME, 253_402_300_799_999n])('is kept where dates can say it: %d', (milliseconds) => {
    expect(modifiedAt(stats({ mtimeNs: milliseconds * MILLISECOND }))).toBe(Number(milliseconds));
  });

  it('is one that dates can say, whatever the file system makes of its clock', () => {
    const odd = 3_168_873n * year * MILLISECOND;
    expect(new Date(modifiedAt(stats({ mtimeNs: odd, ctimeNs: odd }))).toISOString()).toBe(
      '9999-12-31T23:59:59.999Z',
    );
    expect(modifiedAt(stats({ mtimeNs: -odd, ctimeNs: -odd }))).toBe(0);
  });
});

describe('the fingerprint of a file', () => {
  it.each(['size', 'mtimeNs', 'ino', 'ctimeNs'] as const)('is another with another %s', (field) => {
    expect(fingerprintOf(stats({ [field]: 99n }))).not.toBe(fingerprintOf(stats()));
  });

  it.each([
    ['ctimeNs', true],
    ['size', false],
    ['mtimeNs', false],
    ['ino', false],
  ])('tells a move from a change: %s', (field, moved) => {
    expect(isMoved(fingerprintOf(stats()), fingerprintOf(stats({ [field]: -5n })))).toBe(moved);
  });
});
