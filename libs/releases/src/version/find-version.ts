import type { Token } from './tokens.js';
import { EXTENSIONS_WITH_DIGITS, NUMBERED_PLATFORMS, WORDS } from './words.js';

/** Where in a name a version stands: its numbers, before whatever qualifies them. */
export interface VersionNumber {
  /** Index of the first token, the `v` where there is one. */
  readonly first: number;
  /** Index of the token behind its last number. */
  readonly next: number;
  /** Decimal digits. */
  readonly parts: readonly string[];
}

interface Candidate extends VersionNumber {
  readonly hasPrefix: boolean;
  /** The word before it is a platform, and its number may be the platform's. */
  readonly isPlatform: boolean;
}

/**
 * Finds the number that is the version: the first with two parts or more, but rather one with a `v`, and rather one
 * that is not the number of a platform. Undefined where there is none.
 */
export function findVersionNumber(tokens: readonly Token[]): VersionNumber | undefined {
  let best: Candidate | undefined;
  let previous: Candidate | undefined;
  for (let at = 0; at < tokens.length;) {
    const { candidate, next } = candidateAt(tokens, at);
    at = next;
    if (candidate === undefined || isRevisionOf(previous, candidate)) continue;
    const isBuiltFor = best !== undefined && best === previous && isPlatformOf(best, candidate);
    previous = candidate;
    if (best === undefined || isBuiltFor || preference(candidate) > preference(best)) best = candidate;
  }
  return best;
}

function preference({ hasPrefix, isPlatform }: Candidate): number {
  if (isPlatform) return 0;
  return hasPrefix ? 2 : 1;
}

/** `-1.2` behind `1.2.3` counts builds of a package (`python-1.2.3-1.2.el9.rpm`). */
function isRevisionOf(previous: Candidate | undefined, { first, parts }: Candidate): boolean {
  return previous?.next === first - 1 && parts.length < 3 && previous.parts.length >= 3;
}

/** `2.13` directly before `3.6.0` is what the package is built for (`kafka_2.13-3.6.0.tgz`). */
function isPlatformOf(previous: Candidate, { first, parts }: Candidate): boolean {
  return (
    previous.next === first - 1 && previous.parts.length === 2 && !previous.hasPrefix && parts.length > 2
  );
}

/** The candidate that begins with this token, and the token to go on with. */
function candidateAt(
  tokens: readonly Token[],
  first: number,
): { readonly candidate: Candidate | undefined; readonly next: number } {
  const hasPrefix = isPrefix(tokens, first);
  const start = hasPrefix ? first + 1 : first;
  if (tokens[start]?.kind !== 'number') return { candidate: undefined, next: start + 1 };
  const parts = [tokens[start].text];
  let next = start + 1;
  while (
    tokens[next]?.text === '.' &&
    tokens[next + 1]?.kind === 'number' &&
    isPart(tokens, next + 1, parts)
  ) {
    parts.push(tokens[next + 1]?.text ?? '');
    next += 2;
  }
  const word = first < 2 || tokens[first - 1]?.kind === 'number' ? undefined : tokens[first - 2];
  const isGlued = first > 0 && tokens[first - 1]?.kind !== 'separator';
  const isPlatform = word !== undefined && NUMBERED_PLATFORMS.has(word.text);
  const isPlatformOnly = isPlatform && first > 2 && parts.length === 2 && !hasPrefix;
  const isVersion = parts.length >= 2 && !isGlued && !isPlatformOnly && hasKnownEnd(tokens, next, parts);
  return { candidate: isVersion ? { first, next, parts, hasPrefix, isPlatform } : undefined, next };
}

/** A `v` before a number, or Go's own way to name itself (`go1.22.3.linux-amd64.tar.gz`). */
function isPrefix(tokens: readonly Token[], at: number): boolean {
  const text = tokens[at]?.text;
  return tokens[at + 1]?.kind === 'number' && (text === 'v' || text === 'ver' || (text === 'go' && at === 0));
}

/** `1.2.7z` ends with an extension, and `1.2.3.5f6a7b` with a hash. */
function isPart(tokens: readonly Token[], at: number, before: readonly string[]): boolean {
  const glued = tokens[at + 1];
  if (glued?.kind !== 'word') return true;
  if (EXTENSIONS_WITH_DIGITS.has(`${tokens[at]?.text}${glued.text}`)) return false;
  return before.length < 3 || WORDS.has(glued.text);
}

/** `2.5mm` is a measure; `1.5rc1` and tmux's `3.3a` are versions, as is everything of three parts. */
function hasKnownEnd(tokens: readonly Token[], next: number, parts: readonly string[]): boolean {
  const glued = tokens[next];
  if (parts.length > 2 || glued?.kind !== 'word') return true;
  return glued.text.length === 1 || WORDS.has(glued.text);
}
