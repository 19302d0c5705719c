/** What one proxy says in `Forwarded` of the request that it received (RFC 7239 §5). */
export interface ForwardedElement {
  /** A node without its port and brackets; `unknown` and obfuscated identifiers as they are. */
  readonly for?: string;
  readonly host?: string;
  readonly proto?: string;
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
/** Proxies do not always quote the colon of a port and the brackets of an address, though they have to. */
const VALUE = /"((?:[^"\\]|\\.)*)"|[^\s",;=]+/y;
const SPACE = /[ \t]*/y;

/**
 * The elements of a `Forwarded` header, that of the proxy nearest to the client first; undefined where the header is
 * malformed. Takes time linear in its length: no two alternatives of a pattern begin with the same character.
 */
export function parseForwarded(text: string): ForwardedElement[] | undefined {
  const elements: ForwardedElement[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  for (;;) {
    const pairs = new Map<string, string>();
    for (;;) {
      take(SPACE);
      const name = take(TOKEN)?.[0].toLowerCase();
      if (name !== undefined) {
        if (text[at++] !== '=') return undefined;
        const value = take(VALUE);
        // Each parameter at most once an element (RFC 7239 §4).
        if (value === null || pairs.has(name)) return undefined;
        pairs.set(name, value[1]?.replace(/\\(.)/gs, '$1') ?? value[0]);
        take(SPACE);
      }
      if (text[at] !== ';') break;
      at += 1;
    }
    // An empty element of a list counts for nothing (RFC 9110 §5.6.1.2).
    if (pairs.size > 0) elements.push(elementOf(pairs));
    if (at >= text.length) return elements;
    if (text[at++] !== ',') return undefined;
  }
}

function elementOf(pairs: ReadonlyMap<string, string>): ForwardedElement {
  const node = pairs.get('for');
  return { for: node && withoutPort(node), host: pairs.get('host'), proto: pairs.get('proto') };
}

/** A node of RFC 7239 §6, or an entry of X-Forwarded-For, without its port and brackets. */
export function withoutPort(node: string): string {
  if (node.startsWith('[')) return node.slice(1).split(']', 1)[0] ?? '';
  const parts = node.split(':');
  return parts.length === 2 ? (parts[0] ?? '') : node;
}
