import type { IncomingHttpHeaders } from 'node:http';

import parseRange from 'range-parser';

import type { Package } from '#storage';

import { parseEntityTags } from './entity-tags.js';
import { parseHttpDate } from './http-date.js';

/** The strong validator of a package's bytes (RFC 9110 §8.8.3). */
export function entityTag(stored: Pick<Package, 'revision'>): string {
  return `"${stored.revision}"`;
}

/** The opaque tags of an If-Match or If-None-Match header, without quotes, weak ones left out; `*` stands for itself. */
export function strongTags(header: string): '*' | string[] {
  const tags = parseEntityTags(header);
  return tags === '*' ? tags : tags.flatMap(({ isWeak, opaque }) => (isWeak ? [] : opaque));
}

/** Whether If-None-Match names the tag, by the weak comparison that it uses (RFC 9110 §13.1.2). */
export function noneMatchHits(header: string, tag: string): boolean {
  // What nearly every client sends.
  if (header === tag) return true;
  const tags = parseEntityTags(header);
  return tags === '*' || tags.some(({ opaque }) => `"${opaque}"` === tag);
}

/** What a read is answered with; `range` holds the first and last byte. */
export type ReadOutcome =
  | { readonly status: 200 }
  | { readonly status: 304 }
  | { readonly status: 412 | 416 }
  | { readonly status: 206; readonly range: { readonly start: number; readonly end: number } };

/**
 * Evaluates the conditions of a read in the order of RFC 9110 §13.2.2, then its range. Several ranges, and
 * ranges that cannot be parsed, are answered with the whole (§14.2).
 */
export function evaluateRead(headers: IncomingHttpHeaders, stored: Package): ReadOutcome {
  const tag = entityTag(stored);
  // HTTP dates have whole seconds.
  const modified = Math.floor(stored.createdAt / 1000) * 1000;
  const {
    'if-match': ifMatch,
    'if-none-match': ifNoneMatch,
    'if-modified-since': ifModifiedSince,
    'if-unmodified-since': ifUnmodifiedSince,
    'if-range': ifRange,
    range,
  } = headers;

  if (ifMatch !== undefined) {
    const tags = strongTags(ifMatch);
    if (tags !== '*' && !tags.includes(stored.revision)) return { status: 412 };
  } else if (modified > dateOf(ifUnmodifiedSince, Number.POSITIVE_INFINITY)) {
    return { status: 412 };
  }
  if (ifNoneMatch !== undefined) {
    if (noneMatchHits(ifNoneMatch, tag)) return { status: 304 };
  } else if (modified <= dateOf(ifModifiedSince, Number.NEGATIVE_INFINITY)) {
    return { status: 304 };
  }
  if (range === undefined || (ifRange !== undefined && !rangeHolds(String(ifRange), tag))) {
    return { status: 200 };
  }
  const ranges = parseRange(stored.size, withinSize(range, stored.size));
  if (ranges === -1) return { status: 416 };
  const [first] = ranges === -2 ? [] : ranges;
  if (first === undefined || ranges === -2 || ranges.length > 1 || ranges.type !== 'bytes')
    return { status: 200 };
  return { status: 206, range: first };
}

/** The time of a condition; one that changes nothing where there is none, or no date (RFC 9110 §13.1.3, §13.1.4). */
function dateOf(header: string | undefined, none: number): number {
  return (header === undefined ? undefined : parseHttpDate(header)) ?? none;
}

/** A suffix longer than the package asks for all of it (RFC 9110 §14.1.2). */
function withinSize(range: string, size: number): string {
  const suffix = /^bytes=-(\d+)$/.exec(range.trim())?.[1];
  return suffix !== undefined && Number(suffix) > size ? `bytes=-${size}` : range;
}

/**
 * Whether If-Range names this revision. A date never does: two revisions may have been published within its second,
 * and a file put here by hand may have any time (RFC 9110 §8.8.2.2 and §13.1.5).
 */
function rangeHolds(ifRange: string, tag: string): boolean {
  return ifRange.trim() === tag;
}
