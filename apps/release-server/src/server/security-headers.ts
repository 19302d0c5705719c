import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * What every answer has: its content is what its type says, pages of other origins neither embed it (what they may
 * link to, they may link to as before) nor keep a hold of its window, and addresses stay within this origin.
 */
export const SECURITY_HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'same-origin',
} as const;

export function setSecurityHeaders(request: IncomingMessage, response: ServerResponse): void {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
  if (isPlainNavigation(request)) response.removeHeader('Cross-Origin-Opener-Policy');
}

/**
 * Whether a browser opens a page under a name without TLS: then it sends no `Sec-Fetch-*` (Fetch Metadata §2), ignores
 * the opener policy, and complains of it in its console.
 */
function isPlainNavigation({ headers }: IncomingMessage): boolean {
  return headers['upgrade-insecure-requests'] === '1' && headers['sec-fetch-mode'] === undefined;
}
