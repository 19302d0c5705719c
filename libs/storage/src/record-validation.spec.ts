import { flawOfRecord } from './record-validation.js';
import { MAX_RECORD_BYTES } from './release-record.js';

const RECORD = { tag: 'cli/v1.2.0', isDraft: false, createdAt: 1, updatedAt: 2 };
const FULL = {
  ...RECORD,
  title: 'T',
  notes: '# N',
  isPrerelease: true,
  latest: 3,
  target: 'main',
  author: 'ci',
  publishedAt: 4,
  labels: { 'a.zip': 'A', constructor: 'C' },
  later: { versions: ['may', 'add'] },
};

describe('a record', () => {
  it.each([RECORD, FULL, { ...RECORD, latest: 'never', labels: {}, title: '' }])('is one: %j', (record) => {
    expect(flawOfRecord('cli/v1.2.0', record)).toBeUndefined();
  });

  it.each<[unknown, string]>([
    [null, ': not an object'],
    [[RECORD], ': not an object'],
    [{ ...RECORD, tag: 'v1' }, '.tag: another one'],
    [{ ...RECORD, title: 1 }, '.title: not a text'],
    [{ ...RECORD, notes: null }, '.notes: not a text'],
    [{ ...RECORD, target: {} }, '.target: not a text'],
    [{ ...RECORD, author: ['x'] }, '.author: not a text'],
    [{ ...RECORD, isDraft: 'false' }, '.isDraft: neither true nor false'],
    [{ ...RECORD, isDraft: undefined }, '.isDraft: neither true nor false'],
    [{ ...RECORD, isPrerelease: 0 }, '.isPrerelease: neither true nor false'],
    [{ ...RECORD, latest: 'always' }, '.latest: not a time'],
    [{ ...RECORD, latest: -1 }, '.latest: not a time'],
    [{ ...RECORD, createdAt: '2020' }, '.createdAt: not a time of the years 1970 to 9999'],
    [{ ...RECORD, updatedAt: 1e99 }, '.updatedAt: not a time of the years 1970 to 9999'],
    [{ ...RECORD, publishedAt: null }, '.publishedAt: not a time of the years 1970 to 9999'],
    [{ ...RECORD, labels: [] }, '.labels: not texts by names of files'],
    [{ ...RECORD, labels: { 'a.zip': 1 } }, '.labels: not texts by names of files'],
    [{ ...RECORD, labels: { '../a': 'x' } }, '.labels: not texts by names of files'],
    [JSON.parse('{"tag":"cli/v1.2.0","__proto__":{"isDraft":true}}'), '.__proto__: not a member of records'],
    [{ ...RECORD, notes: 'ä'.repeat(MAX_RECORD_BYTES / 2) }, `: more than ${MAX_RECORD_BYTES} bytes`],
  ])('is none: %#', (value, flaw) => {
    expect(flawOfRecord('cli/v1.2.0', value)).toBe(flaw);
  });

  it('is none of what is no tag', () => {
    expect(flawOfRecord('a/../b', { ...RECORD, tag: 'a/../b' })).toBe(': not a tag of a release');
  });
});
