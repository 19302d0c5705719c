/** One tag of an If-Match or If-None-Match header (RFC 9110 §8.8.3). */
export interface EntityTag {
  readonly isWeak: boolean;
  /** Without its quotes. */
  readonly opaque: string;
}

/**
 * The tags of an If-Match or If-None-Match header; `*` stands for itself. Whatever is no tag between two commas is left
 * out. One pass: a tag is looked for where the one before ends.
 */
export function parseEntityTags(header: string): '*' | EntityTag[] {
  if (header.trim() === '*') return '*';
  const tags: EntityTag[] = [];
  for (let at = 0; at < header.length;) {
    const isWeak = header.startsWith('W/"', at);
    const start = isWeak ? at + 2 : at;
    const end = header[start] === '"' ? endOfOpaque(header, start + 1) : -1;
    if (end >= 0 && isMemberEnd(header, end + 1)) {
      tags.push({ isWeak, opaque: header.slice(start + 1, end) });
      at = afterComma(header, end + 1);
    } else if (isSpace(header[at]) || header[at] === ',') {
      at += 1;
    } else {
      at = afterComma(header, Math.max(at, end));
    }
  }
  return tags;
}

/** The closing quote; -1 where something stands before it that no tag has. */
function endOfOpaque(header: string, from: number): number {
  let at = from;
  while (at < header.length && header[at] !== '"' && (header[at] ?? '') > ' ' && header[at] !== '\x7f') at++;
  return header[at] === '"' ? at : -1;
}

function isMemberEnd(header: string, from: number): boolean {
  let at = from;
  while (isSpace(header[at])) at++;
  return at >= header.length || header[at] === ',';
}

function afterComma(header: string, from: number): number {
  const comma = header.indexOf(',', from);
  return comma < 0 ? header.length : comma + 1;
}

function isSpace(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}
