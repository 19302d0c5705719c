import type { VersionNumber } from './find-version.js';
import type { Token } from './tokens.js';
import {
  ARCHITECTURES,
  EXTENSIONS_WITH_DIGITS,
  LETTER_RANK,
  NUMBERED,
  NUMBERED_BUILDS,
  STRICT,
  SYSTEM_PACKAGES,
  UNFINISHED_RANK,
  WORDS,
  type Word,
} from './words.js';

/** A step before a release (`rc.1`) or behind it (`post1`). */
export interface Step {
  /** The word's common spelling; empty for a bare number. */
  readonly means: string;
  /** Below 0 before the release, above 0 behind it. */
  readonly rank: number;
  /** Decimal digits. */
  readonly numbers: readonly string[];
}

export interface Qualifiers {
  readonly steps: readonly Step[];
  /** What follows `+`. */
  readonly build: string | undefined;
  /** Index of the token behind the last that stands attached to the number. */
  readonly next: number;
  /** Words that stand elsewhere in the name, as written there. */
  readonly elsewhere: readonly string[];
}

interface Reading {
  readonly step: Step | undefined;
  readonly next: number;
}

/** Reads what the name says about the release beside its number, in one pass over the tokens. */
export class QualifierReader {
  private readonly isSystemPackage: boolean;
  private readonly hasNumberedBuilds: boolean;
  private readonly strict: string | undefined;

  constructor(
    private readonly name: string,
    private readonly tokens: readonly Token[],
    private readonly version: VersionNumber,
  ) {
    const extensions = tokens
      .slice(version.next)
      .filter(({ kind }, at, behind) => kind === 'word' && behind[at - 1]?.text === '.')
      .map(({ text }) => text);
    this.isSystemPackage = extensions.some((one) => SYSTEM_PACKAGES.has(one));
    this.hasNumberedBuilds = this.isSystemPackage || extensions.some((one) => NUMBERED_BUILDS.has(one));
    this.strict = extensions.map((one) => STRICT.get(one)).find((separator) => separator !== undefined);
  }

  read(): Qualifiers {
    const steps: Step[] = [];
    let { next } = this.version;
    for (;;) {
      const reading = this.attachedAt(next);
      if (reading === undefined) break;
      if (reading.step !== undefined) steps.push(reading.step);
      next = reading.next;
    }
    const build = this.buildAt(next);
    if (build !== undefined) next = build.next;
    const elsewhere: string[] = [];
    for (const { step, text } of [...this.behind(next), ...this.before()]) {
      steps.push(step);
      elsewhere.push(text);
    }
    return { steps, build: build?.text, next, elsewhere };
  }

  /** A step that follows the number, or another step, with nothing or one separator between. */
  private attachedAt(at: number): Reading | undefined {
    const separator = this.kind(at) === 'separator' ? this.text(at) : '';
    if (separator !== '' && !'.-_~'.includes(separator)) return undefined;
    const first = separator === '' ? at : at + 1;
    if (this.kind(first) === 'number') return this.numberAt(first, separator);
    if (this.kind(first) !== 'word') return undefined;
    const word = WORDS.get(this.text(first));
    const reading = word === undefined ? undefined : this.wordAt(first, word);
    if (reading !== undefined) return reading;
    if (separator === '' && this.text(first).length === 1 && !this.isGlued(first + 1)) {
      return { step: { means: this.text(first), rank: LETTER_RANK, numbers: [] }, next: first + 1 };
    }
    if (separator === this.strict && !STRICT.has(this.text(first))) {
      return this.wordAt(first, {
        means: this.text(first),
        rank: UNFINISHED_RANK,
        counts: 'attached',
        needsNumber: false,
      });
    }
    return undefined;
  }

  /** A number behind the version: a snapshot's time, a commit's, or SemVer's bare number. */
  private numberAt(at: number, separator: string): Reading | undefined {
    const text = this.text(at);
    const numbered = (numbers: readonly string[], next: number): Reading => ({
      step: { ...NUMBERED, numbers },
      next,
    });
    // Maven's snapshots: 1.2.3-20240101.123456-1.
    if (
      separator === '-' &&
      text.length === 8 &&
      this.text(at + 1) === '.' &&
      this.text(at + 2).length === 6
    ) {
      if (this.text(at + 3) === '-' && this.kind(at + 4) === 'number') {
        return numbered([text, this.text(at + 2), this.text(at + 4)], at + 5);
      }
    }
    // Go's pseudo-versions (v0.0.0-20240101123456-abcdefabcdef) and what git describe says (1.2.3-45-gabcdef0).
    if (separator === '-' && this.text(at + 1) === '-') {
      const { text: identifier, next } = this.identifierAt(at + 2);
      if (text.length === 14 && /^[0-9a-f]{12}$/.test(identifier)) return numbered([text], next);
      if (/^g[0-9a-f]{7,40}$/.test(identifier)) return numbered([text], next);
    }
    if (this.isGlued(at + 1) || (text.length > 3 && separator === '-') || ARCHITECTURES.has(text))
      return undefined;
    const { numbers, next } = this.dottedFrom(at);
    const isAttachedByTilde = separator === '~' && numbers.length === 1;
    const isSemver =
      separator === '-' && !this.hasNumberedBuilds && this.version.parts.length === 3 && numbers.length < 3;
    return isAttachedByTilde || isSemver ? numbered(numbers, next) : undefined;
  }

  private wordAt(at: number, word: Word): Reading | undefined {
    const { means, rank, needsNumber } = word;
    // Of a package format, `-1` is the revision of the package, and `r1` too.
    if (this.isSystemPackage && this.text(at) === 'r') return undefined;
    const { numbers, next } = this.numbersAt(at + 1);
    if (needsNumber && (numbers.length === 0 || this.isGlued(next) || this.isExtension(at))) return undefined;
    return { step: rank === 0 ? undefined : { means, rank, numbers }, next };
  }

  /** The numbers of a word: `rc1`, `rc.1`, `rc-1`, `preview.3.23178.7`, `nightly-2024-01-05`. */
  private numbersAt(at: number): { readonly numbers: readonly string[]; readonly next: number } {
    const none = { numbers: [], next: at };
    if (this.kind(at) === 'number') return this.dottedFrom(at);
    const separator = this.text(at);
    if (this.kind(at + 1) !== 'number' || !'.-_'.includes(separator) || this.isGlued(at + 2)) return none;
    const isOther = this.isSystemPackage || ARCHITECTURES.has(this.text(at + 1));
    return separator !== '.' && isOther ? none : this.dottedFrom(at + 1);
  }

  private dottedFrom(at: number): { readonly numbers: readonly string[]; readonly next: number } {
    const numbers = [this.text(at)];
    let next = at + 1;
    // A date may have dashes: 2024-01-05.
    const joins = this.text(at).length === 4 ? '.-' : '.';
    while (
      this.kind(next) === 'separator' &&
      joins.includes(this.text(next)) &&
      this.kind(next + 1) === 'number' &&
      (this.text(next) === '.' || this.text(next + 1).length === 2) &&
      !this.isGlued(next + 2)
    ) {
      numbers.push(this.text(next + 1));
      next += 2;
    }
    return { numbers, next };
  }

  /** Build metadata: `+build.5`, `+cu121`, before an extension or a platform. */
  private buildAt(at: number): { readonly text: string; readonly next: number } | undefined {
    if (this.text(at) !== '+') return undefined;
    let { text, next } = this.identifierAt(at + 1);
    if (text === '') return undefined;
    while (this.text(next) === '.') {
      const further = this.identifierAt(next + 1);
      if (!/\d/.test(further.text) || EXTENSIONS_WITH_DIGITS.has(further.text)) break;
      text += `.${further.text}`;
      ({ next } = further);
    }
    return { text, next };
  }

  /** Words behind platforms: `1.2.3-linux-x64-rc1`. */
  private *behind(from: number): Generator<{ readonly step: Step; readonly text: string }> {
    for (let at = from; at < this.tokens.length; at++) {
      const word = WORDS.get(this.text(at));
      if (word === undefined || word.counts === 'attached' || !this.isApart(at)) continue;
      yield this.elsewhereAt(at, word);
    }
  }

  /** Words before the version: `tool-nightly-1.2.3`. */
  private *before(): Generator<{ readonly step: Step; readonly text: string }> {
    const last = this.version.first - 2;
    for (let at = 0; at <= last; at++) {
      const word = WORDS.get(this.text(at));
      if (word === undefined || !this.isApart(at)) continue;
      const isNear = at > 0 && (at === last || (at === last - 1 && this.kind(last) === 'number'));
      // Libraries are packaged with what is needed to build on them as `-dev`.
      const isComponent = this.isSystemPackage && word.means === 'dev';
      if (word.counts === 'anywhere' || (word.counts === 'near' && isNear && !isComponent)) {
        yield this.elsewhereAt(at, word);
      }
    }
  }

  private elsewhereAt(at: number, { means, rank }: Word): { readonly step: Step; readonly text: string } {
    const own = this.numbersAt(at + 1);
    const { numbers, next } =
      at < this.version.first && own.next > this.version.first ? { numbers: [], next: at + 1 } : own;
    const start = this.tokens[at]?.start ?? 0;
    return { step: { means, rank, numbers }, text: this.name.slice(start, this.tokens[next - 1]?.end) };
  }

  /** Letters and digits without a separator between. */
  private identifierAt(at: number): { readonly text: string; readonly next: number } {
    let text = '';
    let next = at;
    for (; next < this.tokens.length && this.kind(next) !== 'separator'; next++) text += this.text(next);
    return { text, next };
  }

  /** Whether a separator, or the beginning, stands before a word. */
  private isApart(at: number): boolean {
    return at === 0 || this.kind(at - 1) === 'separator';
  }

  private isGlued(at: number): boolean {
    return at < this.tokens.length && this.kind(at) !== 'separator';
  }

  private isExtension(at: number): boolean {
    return EXTENSIONS_WITH_DIGITS.has(this.identifierAt(at).text);
  }

  private kind(at: number): Token['kind'] | undefined {
    return this.tokens[at]?.kind;
  }

  private text(at: number): string {
    return this.tokens[at]?.text ?? '';
  }
}
