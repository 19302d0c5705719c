import type { IncomingMessage } from 'node:http';

import type { FlatHeaders } from '../http/head.js';

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

const { 'Cross-Origin-Opener-Policy': _opener, ...WITHOUT_OPENER_POLICY } = SECURITY_HEADERS;
const ALL: FlatHeaders = Object.entries(SECURITY_HEADERS).flat();
const OF_PLAIN_NAVIGATION: FlatHeaders = Object.entries(WITHOUT_OPENER_POLICY).flat();

/** Those that the answer to a request has. */
export function securityHeaders(request: IncomingMessage): FlatHeaders {
  return isPlainNavigation(request) ? OF_PLAIN_NAVIGATION : ALL;
}

/**
 * Whether a browser opens a page under a name without TLS: then it sends no `Sec-Fetch-*` (Fetch Metadata §2), ignores
 * the opener policy, and complains of it in its console.
 */
function isPlainNavigation({ headers }: IncomingMessage): boolean {
  return headers['upgrade-insecure-requests'] === '1' && headers['sec-fetch-mode'] === undefined;
}
