import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';

import proxyAddr from 'proxy-addr';
import { z } from 'zod';

import { isHost, isHostName } from './host-name.js';

/** Any text but the empty one. */
export const text = (expected: string) =>
  z.string({ error: `expected ${expected}` }).min(1, `expected ${expected}`);

/** The path of a file that holds a value. */
export const file = text('a file');

/** A key that nobody finds by trying. */
export const linkKeyText = text('a key').min(16, 'expected at least 16 characters');

/** `true`, and what else is written for it: `yes`, `on`, `1`. */
export const flag = z.union([z.boolean(), z.literal([0, 1]).transform(Boolean), z.stringbool()], {
  error: 'expected true or false',
});

/** One of these words, in any letter case. */
export function choice<const Word extends string>(words: readonly Word[], expected: string) {
  const lowerCase = (value: unknown): unknown => (typeof value === 'string' ? value.toLowerCase() : value);
  return z.preprocess(lowerCase, z.enum(words, { error: `expected ${expected}` }));
}

const EXPECTED_URL = 'expected an absolute http or https URL';
/** Links go into JSON, HTML and shell words, none of which has a meaning for what is left. */
const NOT_IN_PATHS = /[^A-Za-z0-9._~/%-]/g;
const encoded = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

/** As far as a pattern can tell. */
const HTTP_URL = { pattern: '^https?://[^\\s?#@]+$' };

export const httpUrl = z.url({ protocol: /^https?$/, error: EXPECTED_URL }).meta(HTTP_URL);

/** The base of links, without a slash at its end. */
export const baseUrl = z
  .string({ error: EXPECTED_URL })
  .meta(HTTP_URL)
  .transform((value, context) => {
    const url = URL.parse(value);
    if (
      url !== null &&
      /^https?:$/.test(url.protocol) &&
      `${url.username}${url.search}${url.hash}` === '' &&
      isHost(url.hostname)
    ) {
      return `${url.origin}${withoutSlashesBehind(url.pathname).replace(NOT_IN_PATHS, encoded)}`;
    }
    context.addIssue({ code: 'custom', message: `${EXPECTED_URL} without user, query or fragment` });
    return z.NEVER;
  });

/** A loop, for a pattern would scan a run of slashes once for each of them. */
function withoutSlashesBehind(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end--;
  return path.slice(0, end);
}

const EXPECTED_HOST =
  'expected a host name such as releases.example.org or *.example.org, without scheme, port and path ' +
  '(leave allowed_hosts out to allow any)';

/** As far as a pattern can tell. */
const HOST = { pattern: '^[^\\s/:]+$|^\\[?[0-9A-Fa-f:.]+\\]?$' };

/** A name as `Host` headers have it: in lower case, international names in their ASCII form, without a final dot. */
export const allowedHost = z
  .string({ error: EXPECTED_HOST })
  .meta(HOST)
  .transform((value, context) => {
    const address = value.replace(/^\[(.*)\]$/, '$1').toLowerCase();
    if (isIP(address) > 0) return address;
    const [, wildcard = '', name = ''] = /^(\*\.)?(.*?)\.?$/s.exec(address) ?? [];
    const host = /^[ -~]*$/.test(name) ? name : domainToASCII(name);
    if (isHostName(host)) return wildcard + host;
    context.addIssue({ code: 'custom', message: EXPECTED_HOST });
    return z.NEVER;
  });

const EXPECTED_REPOSITORY = 'expected owner/name';
/** First parts of addresses of this server that have another one after them. */
const OWN_ADDRESSES = ['api', 'assets', 'docs', 'releases', 'repos', 'static'];

/** Owner and name of a repository, as GitHub has them. Its pattern has nothing that Helm does not know. */
export const repositoryName = z
  .string({ error: EXPECTED_REPOSITORY })
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\/[A-Za-z0-9._-]{1,100}$/, EXPECTED_REPOSITORY)
  .refine((value) => !/\/\.{1,2}$/.test(value), EXPECTED_REPOSITORY)
  .refine(
    (value) => !OWN_ADDRESSES.includes(value.replace(/\/.*/, '').toLowerCase()),
    `expected an owner that is not the first part of this server's own addresses: ${OWN_ADDRESSES.join(', ')}`,
  );

/** As Express has it: whose forwarded headers are believed. */
export const trustedProxies = z
  .union([z.boolean(), z.int().min(0), z.string().min(1)], {
    error: 'expected true, false, a number of hops or a list of addresses',
  })
  .refine(
    isTrustProxy,
    'expected addresses, networks or loopback, linklocal, uniquelocal, separated by commas',
  );

function isTrustProxy(value: boolean | number | string): boolean {
  if (typeof value !== 'string') return true;
  try {
    proxyAddr.compile(value.split(',').map((part) => part.trim()));
    return true;
  } catch {
    return false;
  }
}
