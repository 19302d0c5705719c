import { fileOf, folderTagOf, type Package } from '#storage';

import { oncePer } from './once-per.js';
import { findVersionNumber } from './version/find-version.js';
import { QualifierReader, type Step } from './version/qualifiers.js';
import { tokenize } from './version/tokens.js';

/** The version that a package's name carries. */
export interface PackageVersion {
  /** As written in the name, with its `v` where it has one: the release's tag. */
  readonly tag: string;
  /** The same for all spellings of one version: `1.2.0-rc.1` for `v1.2.0-rc.1`, `1.2.0~rc1` and `1.2rc1`. */
  readonly key: string;
  readonly isPrerelease: boolean;
  /** Decimal digits, without zeros in front, and without the parts that are zero at the end. */
  readonly parts: readonly string[];
  /** What comes before or behind the release of that number. */
  readonly steps: readonly Step[];
}

/** Finds the version in a package's name, before its extensions; undefined for a name without one. */
export function versionOf(name: string): PackageVersion | undefined {
  const tokens = tokenize(name);
  const number = findVersionNumber(tokens);
  if (number === undefined) return undefined;
  const { steps: read, build, next, elsewhere } = new QualifierReader(name, tokens, number).read();
  const attached = name.slice(tokens[number.first]?.start, tokens[next - 1]?.end);
  const parts = withoutZerosAtEnd(number.parts.map(withoutZeros));
  const steps = read.map((step) => ({ ...step, numbers: step.numbers.map(withoutZeros) }));
  return {
    tag: [attached, ...elsewhere].join('-'),
    key: keyOf(parts, steps, build),
    isPrerelease: steps.some(({ rank }) => rank < 0),
    parts,
    steps,
  };
}

/** The version in a tag, in its last part: 1.2.0 of `v1.2.0`, `cli/v1.2.0` and `@scope/tool@1.2.0`. */
export function versionInTag(tag: string): PackageVersion | undefined {
  return versionOf(tag.slice(tag.lastIndexOf('/') + 1));
}

/** The version of a package, read once: that in the tag of its folder, else that in the name of its file. */
export const packageVersion = oncePer((stored: Pick<Package, 'name'>): PackageVersion | undefined => {
  const tag = folderTagOf(stored);
  return (tag === undefined ? undefined : versionInTag(tag)) ?? versionOf(fileOf(stored));
});

/** Negative where `a` is the lower version, positive where `b` is, 0 where both are as high. */
export function compareVersions(a: PackageVersion, b: PackageVersion): number {
  const byParts = compareEach(a.parts, b.parts, compareNumbers, '0');
  return byParts || compareEach(a.steps, b.steps, compareSteps, RELEASE);
}

/** Where one version has another step, the other is the release itself. */
const RELEASE: Step = { means: '', rank: 0, numbers: [] };

function compareSteps(a: Step, b: Step): number {
  return (
    a.rank - b.rank ||
    compareEach(a.numbers, b.numbers, compareNumbers, '') ||
    (a.means < b.means ? -1 : Number(a.means > b.means))
  );
}

function compareEach<T>(
  a: readonly T[],
  b: readonly T[],
  compare: (a: T, b: T) => number,
  absent: T,
): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const order = compare(a[at] ?? absent, b[at] ?? absent);
    if (order !== 0) return order;
  }
  return 0;
}

/** By their value, of whatever length; no number comes before 0. */
function compareNumbers(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : Number(a > b));
}

function keyOf(parts: readonly string[], steps: readonly Step[], build: string | undefined): string {
  const number = [...parts, ...Array<string>(Math.max(0, 3 - parts.length)).fill('0')].join('.');
  const qualifiers = steps.map(({ means, numbers }) => `-${[means, ...numbers].filter(Boolean).join('.')}`);
  return `${number}${qualifiers.join('')}${build === undefined ? '' : `+${build}`}`;
}

function withoutZeros(digits: string): string {
  let start = 0;
  while (start < digits.length - 1 && digits[start] === '0') start++;
  return digits.slice(start);
}

function withoutZerosAtEnd(parts: readonly string[]): readonly string[] {
  return parts.slice(0, parts.findLastIndex((part) => part !== '0') + 1);
}
