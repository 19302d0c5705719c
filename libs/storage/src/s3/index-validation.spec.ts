import { textOf } from '../testing/fake-index.js';
import { IndexDocument, MAX_INDEX_BYTES, readIndex } from './index-document.js';
import { ObjectKeys } from './object-keys.js';

const SHA256 = 'ab'.repeat(32);
const KEYS = new ObjectKeys('team/');
const entry = (name: string): Record<string, unknown> => ({
  key: `team/packages/1/${name}`,
  size: 1,
  sha256: SHA256,
  at: 1_700_000_000_000,
});
const garbage = { ...entry('old.zip'), name: 'old.zip', since: 1, why: 'deleted', by: 'x' };
const orphan = {
  key: 'team/packages/odd',
  name: 'odd',
  size: 0,
  sha256: '',
  at: 0,
  since: 1,
  why: 'orphan',
  by: 'x',
};

function index(changes: Record<string, unknown> = {}): string {
  const packages = { 'a.zip': entry('a.zip'), constructor: entry('constructor') };
  return JSON.stringify({ format: 1, seq: 1, last: 1, packages, garbage: [garbage, orphan], ...changes });
}

/** With some fields of the package `a.zip` changed. */
const withPackage = (changes: Record<string, unknown>): string =>
  index({ packages: { 'a.zip': { ...entry('a.zip'), ...changes } } });
const withGarbage = (changes: Record<string, unknown>): string =>
  index({ garbage: [{ ...garbage, ...changes }] });
const named = (name: string): string =>
  `{"format":1,"seq":1,"last":1,"garbage":[],"packages":{${JSON.stringify(name)}:${JSON.stringify(entry(name))}}}`;

function flawOf(text: string): unknown {
  try {
    IndexDocument.parse(text, KEYS);
    return undefined;
  } catch (error) {
    const { code, cause } = error as { code: string; cause: Error };
    expect(code).toBe('storage_failed');
    return cause.message;
  }
}

describe('an index from a store', () => {
  it('is taken when everything in it is as it would be received', () => {
    const document = IndexDocument.parse(index(), KEYS);

    expect(document.list().map(({ name }) => name)).toEqual(['a.zip', 'constructor']);
    expect(IndexDocument.parse(textOf(document), KEYS).list()).toEqual(document.list());
  });

  it.each([{ why: 'evicted' }, { why: 'evicted', reason: 'made room for a.zip' }])(
    'is taken with garbage that has %j',
    (one) => {
      const { garbage: read } = IndexDocument.parse(withGarbage(one), KEYS);
      expect(read).toEqual([{ ...garbage, ...one }]);
    },
  );

  // Caught: names of a tampered index become words of a shell, markup and prototypes.
  it.each([
    ["x'; touch PWNED; '-v9.zip", `packages["x'; touch PWNED; '-v9.zip"]: not a package name`],
    ['<img src=x onerror=alert(1)>', 'packages["<img src=x onerror=alert(1)>"]: not a package name'],
    ['__proto__', 'packages["__proto__"]: not a package name'],
    ['../../etc/passwd', 'packages["../../etc/passwd"]: not a package name'],
    ['', 'packages[""]: not a package name'],
    ['a\u001b[31m\u202e', 'packages["a\\u001b[31m?"]: not a package name'],
    ['b'.repeat(1000), `packages["${'b'.repeat(60)}"…]: not a package name`],
  ])('is refused with its place for the name %j', (name, flaw) => {
    expect(flawOf(named(name))).toBe(flaw);
  });

  it.each([
    [withPackage({ size: -1 }), 'packages["a.zip"].size: not a number of bytes'],
    [withPackage({ size: 1.5 }), 'packages["a.zip"].size: not a number of bytes'],
    [withPackage({ size: 2 ** 53 }), 'packages["a.zip"].size: not a number of bytes'],
    [withPackage({ size: '1' }), 'packages["a.zip"].size: not a number of bytes'],
    [withPackage({ sha256: SHA256.toUpperCase() }), 'packages["a.zip"].sha256: not a digest'],
    [withPackage({ sha256: `${SHA256}\n` }), 'packages["a.zip"].sha256: not a digest'],
    [withPackage({ sha256: "x'; touch" }), 'packages["a.zip"].sha256: not a digest'],
    [withPackage({ at: 1e17 }), 'packages["a.zip"].at: not a time of the years 1970 to 9999'],
    [withPackage({ at: -1 }), 'packages["a.zip"].at: not a time of the years 1970 to 9999'],
    [withPackage({ at: null }), 'packages["a.zip"].at: not a time of the years 1970 to 9999'],
    [withPackage({ key: 'other/secret' }), 'packages["a.zip"].key: not the key of a blob of that name'],
    [
      withPackage({ key: 'team/packages/1/b.zip' }),
      'packages["a.zip"].key: not the key of a blob of that name',
    ],
    [index({ packages: { 'a.zip': null } }), 'packages["a.zip"]: not an object'],
    [index({ packages: null }), 'packages: not an object'],
    [index({ packages: [] }), 'packages: not an object'],
    [index({ garbage: {} }), 'garbage: not a list'],
    [index({ garbage: [null] }), 'garbage[0]: not an object'],
    [index({ seq: 'x' }), 'seq: not a whole number'],
    [index({ last: 1e17 }), 'last: not a time of the years 1970 to 9999'],
    [withGarbage({ key: 'other/important' }), 'garbage[0].key: not the key of a blob of that name'],
    [withGarbage({ why: 'orphan', key: 'team/index.json' }), 'garbage[0].key: not the key of a blob'],
    [withGarbage({ key: 'team/packages/1/a.zip', name: 'a.zip' }), 'garbage[0].key: the blob of a package'],
    [withGarbage({ name: "x'; touch" }), 'garbage[0]: not a package name'],
    [withGarbage({ why: 'because' }), 'garbage[0].why: not a reason'],
    [withGarbage({ why: 'evicted', reason: 5 }), 'garbage[0].reason: not a text'],
    [withGarbage({ since: 'now' }), 'garbage[0].since: not a time of the years 1970 to 9999'],
  ])('%# is refused with its place: %s', (text, flaw) => {
    expect(flawOf(text)).toBe(flaw);
    expect(readIndex(text, KEYS)?.flaw).toBe(flaw);
  });

  describe('with releases', () => {
    const record = { tag: 'cli/v1', isDraft: true, createdAt: 1, updatedAt: 1 };
    const stored = { key: 'team/releases/1/.release.json', record };
    const packed = { ...entry('a'), key: 'team/releases/2/a' };
    const left = { ...packed, name: 'v2/a', key: 'team/releases/3/a', since: 1, why: 'deleted', by: 'x' };
    const releases = {
      since: 0,
      records: { 'cli/v1': stored },
      packages: { 'cli%2Fv1/a': packed, 'v1/a': { ...packed, key: 'team/releases/4/a' } },
      garbage: [left, { ...left, key: 'team/releases/5/.release.json', why: 'record' }],
    };
    const withReleases = (changes: Record<string, unknown>): string =>
      index({ releases: { ...releases, ...changes } });
    const withRecord = (changes: Record<string, unknown>): string =>
      withReleases({ records: { 'cli/v1': { ...stored, record: { ...record, ...changes } } } });

    it('is taken, with drafts apart, and is written as it was', () => {
      const document = IndexDocument.parse(withReleases({}), KEYS);
      const { packages, drafts, releases: read } = document.snapshot();
      expect(packages.map(({ name }) => name).toSorted()).toEqual(['a.zip', 'constructor', 'v1/a']);
      expect(drafts.map(({ name }) => name)).toEqual(['cli%2Fv1/a']);
      expect(read.get('cli/v1')).toEqual(record);
      expect(JSON.parse(textOf(document))).toEqual(JSON.parse(withReleases({})));
    });

    // Mutant: what older versions leave out is taken for there never having been any, and blobs of releases for nobody's.
    it('knows since when it says anything of them, by whatever clock blobs have their times', () => {
      const before = Date.now();
      // As far as the clock of a server may be behind that of its store.
      const apart = 15 * 60_000;
      expect(IndexDocument.parse(index(), KEYS).releases.since).toBeGreaterThanOrEqual(before + apart);
      expect(IndexDocument.EMPTY.releases.since).toBe(0);
    });

    it.each([
      [index({ releases: null }), 'releases: not an object'],
      [withReleases({ since: -1 }), 'releases.since: not a time of the years 1970 to 9999'],
      [withReleases({ records: [] }), 'releases.records: not an object'],
      [
        withReleases({ records: { 'a/../b': stored } }),
        'releases.records["a/../b"].record: not a tag of a release',
      ],
      [withReleases({ records: { v1: stored } }), 'releases.records["v1"].record.tag: another one'],
      [
        withReleases({ records: { 'cli/v1': { ...stored, key: 'team/index.json' } } }),
        'releases.records["cli/v1"].key: not the key of a record',
      ],
      [
        withRecord({ notes: 'n'.repeat(1024 * 1024) }),
        'releases.records["cli/v1"].record: more than 1048576 bytes',
      ],
      [withRecord({ isDraft: 'no' }), 'releases.records["cli/v1"].record.isDraft: neither true nor false'],
      [withReleases({ packages: { 'a.zip': packed } }), 'releases.packages["a.zip"]: not a package name'],
      [withReleases({ packages: { '../a': packed } }), 'releases.packages["../a"]: not a package name'],
      [
        withReleases({ packages: { 'v1/a': entry('a') } }),
        'releases.packages["v1/a"].key: not the key of a blob of that name',
      ],
      [index({ packages: { 'v1/a': packed } }), 'packages["v1/a"]: not a package name'],
      [
        withReleases({ garbage: [{ ...left, key: stored.key }] }),
        'releases.garbage[0].key: the blob of a package',
      ],
      [
        withReleases({ garbage: [{ ...left, why: 'orphan', key: 'team/packages/1/x' }] }),
        'releases.garbage[0].key: not the key of a blob',
      ],
      [withGarbage({ why: 'record' }), 'garbage[0].why: not a reason'],
      [withGarbage({ endsRelease: '..' }), 'garbage[0].endsRelease: not a tag of a release'],
    ])('%# is refused with its place', (text, flaw) => {
      expect(flawOf(text)).toBe(flaw);
    });
  });

  it('does not grow beyond what is read', () => {
    const packages = new Map([
      ['a.zip', { key: 'k'.repeat(MAX_INDEX_BYTES), size: 1, sha256: SHA256, at: 1 }],
    ]);

    expect(() => new IndexDocument(1, 1, packages, []).serialize()).toThrow(/larger than 67108864 bytes/);
  });
});
