import { createHash, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * The text of a token: `rs_`, 27 random digits in base 62, and six of a checksum, as GitHub's tokens have them. By the
 * checksum, scanners for secrets tell a token from what looks like one, without asking a server.
 */
const PREFIX = 'rs_';
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 62^27 is more than 2^160. */
const RANDOM = 27;
const CHECKSUM = 6;
const FORM = /^rs_[0-9A-Za-z]{33}$/;

/** A new token, which nobody can guess. */
export function makeToken(): string {
  const random = Array.from({ length: RANDOM }, () => DIGITS[randomInt(DIGITS.length)]).join('');
  return PREFIX + random + checksumOf(random);
}

/** Whether a text is a token as {@link makeToken} makes them, without an error of who copied it. */
export function isTokenText(text: string): boolean {
  if (!FORM.test(text)) return false;
  const random = text.slice(PREFIX.length, PREFIX.length + RANDOM);
  return text.endsWith(checksumOf(random));
}

/** CRC-32 in base 62. */
function checksumOf(random: string): string {
  let rest = crc32(random);
  let digits = '';
  while (digits.length < CHECKSUM) {
    digits = DIGITS.charAt(rest % DIGITS.length) + digits;
    rest = Math.floor(rest / DIGITS.length);
  }
  return digits;
}

/** What a configuration has of a token. Its 160 random bits need no slow hash: see docs/adr/0013-tokens-by-their-sha-256.md. */
export function hashOfToken(token: string): string {
  return `sha256:${createHash('sha256').update(token).digest('hex')}`;
}
