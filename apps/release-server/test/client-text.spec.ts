import * as fc from 'fast-check';

import { compareVersions, type PackageVersion, versionOf } from '#releases';

import { evaluateRead } from '../src/http/conditional.js';
import { parseEntityTags } from '../src/http/entity-tags.js';
import { parseHttpDate } from '../src/http/http-date.js';
import { StepCounter } from './support/steps.js';

const RUNS = 1000;
/** Of those that are counted, which takes a while. */
const COUNTED_RUNS = 20;
/** Steps for one character, and for every text however short. */
const STEPS = { perCharacter: 40, besides: 400 };
const LONGEST_NAME = 200;
const LONGEST_HEADER = 2000;

const steps = new StepCounter(['/apps/release-server/src/', '/libs/releases/src/']);
afterAll(() => steps.close());

/** Texts made of these pieces, some of them over and over, as those are that make a reader go back. */
function textOf(pieces: readonly string[], maxLength: number): fc.Arbitrary<string> {
  const piece = fc.constantFrom(...pieces);
  const repeated = fc
    .tuple(fc.array(piece, { minLength: 1, maxLength: 3 }), fc.nat({ max: maxLength }))
    .map(([some, times]) => some.join('').repeat(times));
  return fc
    .array(fc.oneof(piece, { arbitrary: repeated, weight: 1 }), { maxLength: 12 })
    .map((parts) => parts.join('').slice(0, maxLength));
}

function expectLinear(text: string, run: (text: string) => unknown): void {
  const most = STEPS.besides + STEPS.perCharacter * text.length;
  expect(steps.count(() => run(text))).toBeLessThan(most);
}

const WORDS =
  '1 0 12 20240101 123456 v a rc dev nightly SNAPSHOT x linux ubuntu g abcdef0 m z tool gem deb final post';
const names = textOf(`${WORDS} 1.2.3 1.2 . - _ ~ + @`.split(' '), LONGEST_NAME);

/** A version as its parts, and one of its spellings. */
const version = fc.record({
  parts: fc.array(fc.nat({ max: 12 }), { minLength: 2, maxLength: 4 }),
  step: fc.option(
    fc.record({ word: fc.constantFrom('dev', 'alpha', 'beta', 'rc', 'post'), number: fc.nat({ max: 30 }) }),
    { nil: undefined },
  ),
});
type Version = typeof version extends fc.Arbitrary<infer T> ? T : never;
const spelling = fc.record({
  prefix: fc.constantFrom('', 'v', 'V'),
  before: fc.constantFrom('', '.', '-', '_', '~'),
  between: fc.constantFrom('', '.'),
  isUpper: fc.boolean(),
  behind: fc.constantFrom('.zip', '-linux-x64.tar.gz', '_amd64.deb', '-py3-none-any.whl', ''),
});
type Spelling = typeof spelling extends fc.Arbitrary<infer T> ? T : never;

function nameOf({ parts, step }: Version, { prefix, before, between, isUpper, behind }: Spelling): string {
  const word = step === undefined ? '' : `${before}${step.word}${between}${step.number}`;
  return `tool-${prefix}${parts.join('.')}${isUpper ? word.toUpperCase() : word}${behind}`;
}

function read(one: Version, how: Spelling): PackageVersion {
  const found = versionOf(nameOf(one, how));
  if (found === undefined) throw new Error(`no version in ${nameOf(one, how)}`);
  return found;
}

/** The order by another way: parts, then the words in theirs, with the release between. */
function asNumbers({ parts, step }: Version): number[] {
  const [first = 0, second = 0, third = 0, fourth = 0] = parts;
  const rank = ['dev', 'alpha', 'beta', 'rc', undefined, 'post'].indexOf(step?.word);
  return [first, second, third, fourth, rank, step?.number ?? 0];
}

function compareArrays(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at < 0 ? 0 : Math.sign((a[at] ?? 0) - (b[at] ?? 0));
}

describe('names and versions', () => {
  it('are read in steps that grow with the length of the name', () => {
    fc.assert(
      fc.property(names, (name) => expectLinear(name, versionOf)),
      { numRuns: COUNTED_RUNS },
    );
  });

  it('have tags and keys whatever the name is', () => {
    fc.assert(
      fc.property(names, (name) => {
        const found = versionOf(name);
        if (found === undefined) return;
        expect(found.tag).toMatch(/^(?:v|ver|go)?\d+\.\d+/i);
        expect(found.key).toMatch(/^\d+\.\d+\.\d+/);
        expect(found.isPrerelease).toBe(found.steps.some(({ rank }) => rank < 0));
        expect(compareVersions(found, found)).toBe(0);
      }),
      { numRuns: RUNS },
    );
  });

  it('are the same in every spelling, and in the order of their parts and words', () => {
    fc.assert(
      fc.property(version, version, spelling, spelling, (one, other, how, otherwise) => {
        expect(read(one, how).key).toBe(read(one, otherwise).key);
        expect(read(one, how).isPrerelease).toBe(one.step !== undefined && one.step.word !== 'post');
        const order = Math.sign(compareVersions(read(one, how), read(other, otherwise)));
        expect(order).toBe(compareArrays(asNumbers(one), asNumbers(other)));
        expect(order === 0).toBe(read(one, how).key === read(other, otherwise).key);
      }),
      { numRuns: RUNS },
    );
  });

  it('have one order, whatever the names are', () => {
    fc.assert(
      fc.property(fc.array(names, { minLength: 3, maxLength: 3 }), (some) => {
        const found = some.map((name) => versionOf(name)).filter((one) => one !== undefined);
        const [low, middle, high] = found.toSorted(compareVersions);
        if (low === undefined || middle === undefined || high === undefined) return;
        expect(compareVersions(low, high)).toBeLessThanOrEqual(0);
        expect(Math.sign(compareVersions(high, low))).toBe(-Math.sign(compareVersions(low, high)) + 0);
      }),
      { numRuns: RUNS },
    );
  });
});

describe('dates', () => {
  const seconds = fc.integer({ min: 0, max: 4_102_444_799 });
  const pieces = [
    'Sun',
    'Sunday',
    ', ',
    ' ',
    '06',
    ' 6',
    'Nov',
    '-',
    '94',
    '1994',
    '08:49:37',
    ':',
    'GMT',
    '2099',
    '1',
  ];

  it('are the same in the three forms of RFC 9110', () => {
    fc.assert(
      fc.property(seconds, (second) => {
        const date = new Date(second * 1000);
        const [day = '', of = '', month = '', year = '', time = ''] = date.toUTCString().split(' ');
        const long = date.toLocaleDateString('en', { weekday: 'long', timeZone: 'UTC' });
        const forms = [
          date.toUTCString(),
          `${long}, ${of}-${month}-${year.slice(2)} ${time} GMT`,
          `${day.replace(',', '')} ${month} ${String(Number(of)).padStart(2)} ${time} ${year}`,
        ];
        // As seen from that time: two digits say no century.
        expect(forms.map((form) => parseHttpDate(form, second * 1000))).toEqual(
          forms.map(() => second * 1000),
        );
      }),
      { numRuns: RUNS },
    );
  });

  it('are read in steps that grow with the length, and nothing else is a date', () => {
    fc.assert(
      fc.property(textOf(pieces, LONGEST_HEADER), (text) => {
        expectLinear(text, parseHttpDate);
        const time = parseHttpDate(text);
        if (time !== undefined) expect(text).toMatch(/^[SMTWF][a-z]+,? .*\d\d:\d\d:\d\d (?:GMT|\d{4})$/);
      }),
      { numRuns: COUNTED_RUNS },
    );
  });
});

describe('conditions', () => {
  const opaque = fc.string({
    unit: fc.constantFrom('a', '0', ':', '-', ',', '*', 'W/', '\\', 'é'),
    maxLength: 8,
  });
  const tag = fc.record({ isWeak: fc.boolean(), opaque });
  const separator = fc.constantFrom(',', ', ', ' ,', ',, ', '\t,\t', ' , , ');
  const junk = textOf(
    ['"', '""', 'W/', 'W/"', 'w/"', '*', ',', ' ', '\t', 'a', '"a"', '"a', '\u007f', 'é'],
    LONGEST_HEADER,
  );

  it('have the tags that a list has', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(tag, separator)), (list) => {
        const header = list
          .map(([one, comma]) => `${one.isWeak ? 'W/' : ''}"${one.opaque}"${comma}`)
          .join('');
        expect(parseEntityTags(header)).toEqual(list.map(([one]) => one));
      }),
      { numRuns: RUNS },
    );
  });

  it('are read in steps that grow with the length', () => {
    fc.assert(
      fc.property(junk, (header) => expectLinear(header, parseEntityTags)),
      { numRuns: COUNTED_RUNS },
    );
  });

  it('and ranges of any text have one of the outcomes of a read, in steps that grow with the length', () => {
    const headers = [
      'if-match',
      'if-none-match',
      'if-modified-since',
      'if-unmodified-since',
      'if-range',
      'range',
    ];
    const text = fc.oneof(junk, textOf(['bytes=', '0', '-', ',', '9', ' ', '='], LONGEST_HEADER));
    const stored = { name: 'a.zip', size: 10, createdAt: 0, sha256: undefined, revision: 'a' };
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...headers), text, { maxKeys: 6 }), (given) => {
        const length = Object.values(given).join('').length;
        const counted = steps.count(() => {
          const { status } = evaluateRead(given, stored);
          expect([200, 206, 304, 412, 416]).toContain(status);
        });
        expect(counted).toBeLessThan(STEPS.besides + STEPS.perCharacter * length);
      }),
      { numRuns: COUNTED_RUNS },
    );
  });
});

it('steps are counted: what goes back takes more than the length allows', () => {
  // As a reader would that looks from every place to the end.
  const goesBack = (name: string): void => {
    for (let at = 0; at < name.length; at++) versionOf(name.slice(at));
  };
  expect(() => expectLinear('1'.repeat(LONGEST_NAME), goesBack)).toThrow('toBeLessThan');
});
