/** A run of digits, a run of letters, or one other character of a package's name. */
export interface Token {
  readonly kind: 'number' | 'word' | 'separator';
  /** In lower case. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Splits a name in one pass. */
export function tokenize(name: string): Token[] {
  const tokens: Token[] = [];
  const lowerCase = name.toLowerCase();
  let start = 0;
  for (let at = 1; at <= lowerCase.length; at++) {
    const kind = kindAt(lowerCase, start);
    if (at < lowerCase.length && kind !== 'separator' && kindAt(lowerCase, at) === kind) continue;
    tokens.push({ kind, text: lowerCase.slice(start, at), start, end: at });
    start = at;
  }
  return tokens;
}

function kindAt(text: string, at: number): Token['kind'] {
  const code = text.charCodeAt(at);
  if (code >= 0x30 && code <= 0x39) return 'number';
  return code >= 0x61 && code <= 0x7a ? 'word' : 'separator';
}
