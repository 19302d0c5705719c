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

/** Fragments in order with their sums, so that a body of many costs one step for each block. */
export interface FragmentBlock {
  readonly fragments: readonly Fragment[];
  /** Bytes without bases. */
  readonly length: number;
  /** How many bases are filled in. */
  readonly bases: number;
  /** Digests of the fragments, concatenated: a body has the same ones however it is cut into blocks. */
  readonly digests: string;
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

/** A block of some fragments, with a separator between two of them. */
export function blockOf(fragments: readonly Fragment[], separator?: Fragment): FragmentBlock {
  const all =
    separator === undefined
      ? fragments
      : fragments.flatMap((fragment, index) => (index === 0 ? [fragment] : [separator, fragment]));
  let [length, bases, digests] = [0, 0, ''];
  for (const { bytes, places, digest } of all) {
    length += bytes.length;
    bases += places.length;
    digests += digest;
  }
  return { fragments: all, length, bases, digests };
}

/** Blocks with a separator between them, a head before and a tail after. */
export function joined(
  head: string,
  blocks: readonly FragmentBlock[],
  separator: Fragment,
  tail: string,
): readonly FragmentBlock[] {
  const between = blockOf([separator]);
  const list = blocks.flatMap((block, index) => (index === 0 ? [block] : [between, block]));
  return [blockOf([fragmentOf(head)]), ...list, blockOf([fragmentOf(tail)])];
}

/**
 * The bytes of some blocks in order, with the base where it goes, in chunks of that many bytes. A chunk is valid only until
 * the next one is asked for: its memory is reused.
 */
export function* chunksOf(
  blocks: readonly FragmentBlock[],
  base: Buffer,
  chunkBytes: number,
): Generator<Buffer> {
  // Not of Node's pool, of which a small one that is kept would keep 64 KiB.
  const chunk = Buffer.allocUnsafeSlow(chunkBytes);
  let filled = 0;
  for (const { fragments } of blocks) {
    for (const { bytes, places } of fragments) {
      let start = 0;
      for (let at = 0; at <= places.length; at++) {
        const end = places[at] ?? bytes.length;
        while (start < end) {
          const copied = bytes.copy(chunk, filled, start, end);
          start += copied;
          filled += copied;
          if (filled < chunkBytes) continue;
          yield chunk;
          filled = 0;
        }
        for (let from = 0; at < places.length && from < base.length;) {
          const copied = base.copy(chunk, filled, from);
          from += copied;
          filled += copied;
          if (filled < chunkBytes) continue;
          yield chunk;
          filled = 0;
        }
      }
    }
  }
  if (filled > 0) yield chunk.subarray(0, filled);
}
