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
    expect(IndexDocument.parse(document.serialize().toString(), KEYS).list()).toEqual(document.list());
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

  it('does not grow beyond what is read', () => {
    const packages = new Map([
      ['a.zip', { key: 'k'.repeat(MAX_INDEX_BYTES), size: 1, sha256: SHA256, at: 1 }],
    ]);

    expect(() => new IndexDocument(1, 1, packages, []).serialize()).toThrow(/larger than 67108864 bytes/);
  });
});
