import type { PackageReader } from '#storage';

import type { FlatHeaders } from './head.js';

const NONE: FlatHeaders = [];

/** Says how old an answer is, in seconds, that may not be the latest any more (RFC 9111 §5.1). */
export function ageHeaders(store: Pick<PackageReader, 'age'>): FlatHeaders {
  const seconds = Math.floor(store.age() / 1000);
  return seconds > 0 ? ['Age', String(seconds)] : NONE;
}
