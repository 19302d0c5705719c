import { createHash, randomBytes } from 'node:crypto';

/**
 * Stands for the base of links in bodies that are made once for all clients and hosts. It has the characters of a
 * base, so that writers of JSON, HTML and shell words treat it as one, and nobody can guess it and send it.
 */
export const BASE = `http://${randomBytes(16).toString('hex')}.invalid`;

/** A part of an answer without the bases of its links, which are filled in as it is sent. */
export interface Fragment {
  readonly bytes: Buffer;
  /** Offsets in `bytes` at which the base goes, ascending. */
  readonly places: readonly number[];
  /** Digest of both. */
  readonly digest: string;
}

/** Makes a fragment of a text in which `BASE` stands wherever the base goes, or of bytes without one. */
export function fragmentOf(content: string | Buffer): Fragment {
  const parts =
    typeof content === 'string' ? content.split(BASE).map((part) => Buffer.from(part)) : [content];
  let end = 0;
  const places = parts.slice(0, -1).map((part) => (end += part.length));
  const bytes = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
  const hash = createHash('sha256').update(places.join()).update('\0').update(bytes);
  return { bytes, places, digest: hash.digest('base64url').slice(0, 27) };
}

/** The bytes of some fragments in order, with the base where it goes; nothing is copied. */
export function* piecesOf(fragments: readonly Fragment[], base: Buffer): Generator<Buffer> {
  for (const { bytes, places } of fragments) {
    let start = 0;
    for (const place of places) {
      if (place > start) yield bytes.subarray(start, place);
      yield base;
      start = place;
    }
    if (start < bytes.length) yield start === 0 ? bytes : bytes.subarray(start);
  }
}

/** Fragments with a separator between, and something in front and behind. */
export function joined(
  head: string,
  fragments: readonly Fragment[],
  separator: string,
  tail: string,
): readonly Fragment[] {
  const between = fragmentOf(separator);
  const list = fragments.flatMap((fragment, index) => (index === 0 ? [fragment] : [between, fragment]));
  return [fragmentOf(head), ...list, fragmentOf(tail)];
}
