const HOST = /^(?:[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;
const LABELS = /^[a-z0-9_][a-z0-9_-]{0,62}(?:\.[a-z0-9_][a-z0-9_-]{0,62}){0,126}$/;

/**
 * Whether a text can stand as the host in links: it looks like a name, or an address in brackets, with or without a
 * port. A request for a name that DNS cannot have is one for a name that this server does not have.
 */
export function isHost(text: string): boolean {
  return HOST.test(text);
}

/** Whether a text is a name as DNS has them, with underscores too and in lower case. */
export function isHostName(text: string): boolean {
  return LABELS.test(text);
}
