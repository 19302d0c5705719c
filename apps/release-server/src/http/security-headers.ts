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
