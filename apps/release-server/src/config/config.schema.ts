import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';

import proxyAddr from 'proxy-addr';
import { z } from 'zod';

import { byteSize, duration } from './config.quantity.js';

declare module 'zod' {
  interface GlobalMeta {
    /** Of a section: the keys of the top with which it is used. */
    onlyWith?: Readonly<Record<string, string>>;
  }
}

/** Bytes of the largest object that a single PUT may write. */
const LARGEST_PUT = 5 * 1024 ** 3;
const DAY = 24 * 60 * 60 * 1000;
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** `true`, and what else is written for it: `yes`, `on`, `1`. */
const flag = z.union([z.boolean(), z.literal([0, 1]).transform(Boolean), z.stringbool()], {
  error: 'expected true or false',
});
/** In any letter case. */
const lowerCase = (value: unknown): unknown => (typeof value === 'string' ? value.toLowerCase() : value);

const text = (expected: string) => z.string({ error: `expected ${expected}` }).min(1, `expected ${expected}`);

const PLAIN_HOST = /^[A-Za-z0-9._-]+$|^\[[0-9a-f:]+\]$/;
/** Links go into JSON, HTML and shell words, none of which has a meaning for what is left. */
const NOT_IN_PATHS = /[^A-Za-z0-9._~/%-]/g;
const encoded = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

const HOST_NAME = /^(?:\*\.)?[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_][a-z0-9_-]{0,62}){0,126}$/;
const EXPECTED_HOST =
  'expected a host name such as releases.example.org or *.example.org, without scheme, port and path ' +
  '(leave allowed_hosts out to allow any)';

/** A name as `Host` headers have it: in lower case, international names in their ASCII form, without a final dot. */
const allowedHost = z.string({ error: EXPECTED_HOST }).transform((value, context) => {
  const address = value.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (isIP(address) > 0) return address;
  const [, wildcard = '', name = ''] = /^(\*\.)?(.*?)\.?$/s.exec(address) ?? [];
  const host = wildcard + (/^[ -~]*$/.test(name) ? name : domainToASCII(name));
  if (HOST_NAME.test(host)) return host;
  context.addIssue({ code: 'custom', message: EXPECTED_HOST });
  return z.NEVER;
});

/** A pattern for it would look at every slash of a row anew. */
function withoutSlashesBehind(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end--;
  return path.slice(0, end);
}

/** The keys of the section `s3`. */
const s3Schema = z.strictObject(
  {
    bucket: text('the name of a bucket'),
    prefix: z
      .string({ error: 'expected a string' })
      .regex(
        /^(?:[A-Za-z0-9._-][A-Za-z0-9._/-]*)?$/,
        'expected letters, digits and . _ - / with no slash in front',
      )
      .transform((prefix) => (prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`))
      .default(''),
    region: text('a region').optional(),
    endpoint: z.url({ protocol: /^https?$/, error: 'expected an absolute http or https URL' }).optional(),
    force_path_style: flag.default(false),
    access_key_id: text('an access key').optional(),
    access_key_id_file: text('a file').optional(),
    secret_access_key: text('a secret key').optional(),
    secret_access_key_file: text('a file').optional(),
    redirect_downloads: flag.default(false),
    presign_expires: duration
      .refine((time) => time >= 1000 && time <= 7 * DAY, 'expected a time span from 1s to 168h')
      .default(10 * 60_000),
    grace: duration.default(60 * 60_000),
    spool_path: text('a directory').default('/tmp/release-server'),
  },
  { error: 'expected the keys of the section s3' },
);

/** Every key, its type, range and default. The table in README.md says the same in words; a test compares them. */
export const configSchema = z
  .strictObject({
    host: z.string({ error: 'expected a host name or address' }).min(1).default('0.0.0.0'),
    port: z
      .int({ error: 'expected a port from 0 to 65535' })
      .min(0, 'expected a port from 0 to 65535')
      .max(65535, 'expected a port from 0 to 65535')
      .default(8000),
    public_url: z
      .string({ error: 'expected an absolute http or https URL' })
      .transform((value, context) => {
        const url = URL.parse(value);
        if (
          url !== null &&
          /^https?:$/.test(url.protocol) &&
          `${url.username}${url.search}${url.hash}` === '' &&
          PLAIN_HOST.test(url.hostname)
        ) {
          return `${url.origin}${withoutSlashesBehind(url.pathname).replace(NOT_IN_PATHS, encoded)}`;
        }
        context.addIssue({
          code: 'custom',
          message: 'expected an absolute http or https URL without user, query or fragment',
        });
        return z.NEVER;
      })
      .optional(),
    trust_proxy: z
      .union([z.boolean(), z.int().min(0), z.string().min(1)], {
        error: 'expected true, false, a number of hops or a list of addresses',
      })
      .refine(
        isTrustProxy,
        'expected addresses, networks or loopback, linklocal, uniquelocal, separated by commas',
      )
      .default(false),
    allowed_hosts: z
      .array(allowedHost, { error: 'expected a list of host names' })
      .min(1, 'expected at least one host name (leave allowed_hosts out to allow any)')
      .optional(),
    storage_driver: z
      .preprocess(lowerCase, z.enum(['filesystem', 's3'], { error: 'expected filesystem or s3' }))
      .default('filesystem'),
    storage_path: z.string({ error: 'expected a directory' }).min(1, 'expected a directory').default('/data'),
    max_packages: z
      .int({ error: 'expected a whole number from 1, or null for no limit' })
      .min(1, 'expected a whole number from 1, or null for no limit')
      .nullable()
      .default(200),
    max_upload_size: byteSize
      .refine((bytes) => bytes >= 1, 'expected at least 1 byte')
      .default(256 * 1024 ** 2),
    min_free_space: byteSize.default(64 * 1024 ** 2),
    auth_token: z
      .string({ error: 'expected a string (quote it if it looks like a number)' })
      .regex(/^[\x21-\x7e]+$/, 'expected printable ASCII characters without spaces')
      .optional(),
    auth_token_file: z.string({ error: 'expected a file' }).min(1, 'expected a file').optional(),
    read_only: flag.default(false),
    allow_overwrite: flag.default(true),
    allow_delete: flag.default(true),
    log_level: z
      .preprocess(lowerCase, z.enum(LOG_LEVELS, { error: `expected one of ${LOG_LEVELS.join(', ')}` }))
      .default('info'),
    keep_alive_timeout: duration
      .refine((time) => time >= 1000 && time <= DAY, 'expected a time span from 1s to 24h')
      .default(75_000),
    shutdown_timeout: duration.default(60_000),
    s3: s3Schema.optional().meta({ onlyWith: { storage_driver: 's3' } }),
  })
  .superRefine((config, context) => {
    const { auth_token: token, auth_token_file: file } = config;
    const complain = (key: string, message: string): void =>
      context.addIssue({ code: 'custom', path: key.split('.'), message });
    if (token !== undefined && file !== undefined) {
      complain('auth_token_file', 'auth_token is given as well; give one of the two');
    }
    if (config.storage_driver === 's3' && config.s3 === undefined) {
      complain('s3', 'missing: storage_driver is s3, which needs at least s3.bucket');
    }
    if (config.storage_driver === 's3' && config.max_upload_size > LARGEST_PUT) {
      complain('max_upload_size', 'expected at most 5GiB, which is what an object store takes at once');
    }
    if (config.s3 !== undefined) checkS3(config.s3, complain);
  });

function checkS3(s3: z.output<typeof s3Schema>, complain: (key: string, message: string) => void): void {
  for (const key of ['access_key_id', 'secret_access_key'] as const) {
    if (s3[key] !== undefined && s3[`${key}_file`] !== undefined) {
      complain(`s3.${key}_file`, `${key} is given as well; give one of the two`);
    }
  }
  const given = [
    s3.access_key_id ?? s3.access_key_id_file,
    s3.secret_access_key ?? s3.secret_access_key_file,
  ];
  if (given.filter((value) => value !== undefined).length === 1) {
    complain('s3.access_key_id', 'the access key and the secret key go together: give both, or none');
  }
  if (s3.redirect_downloads && s3.grace <= s3.presign_expires) {
    complain('s3.grace', 'expected more than presign_expires, or an address could outlive its bytes');
  }
}

/** What a server needs beyond that; commands, which answer nobody, do without a token. */
export const serverConfigSchema = configSchema.superRefine((config, context) => {
  const { auth_token: token, auth_token_file: file, read_only: readOnly } = config;
  if (token !== undefined || file !== undefined || readOnly) return;
  context.addIssue({
    code: 'custom',
    path: ['auth_token'],
    message: 'missing: give auth_token or auth_token_file, or set read_only: true to serve without writes',
  });
});

function isTrustProxy(value: boolean | number | string): boolean {
  if (typeof value !== 'string') return true;
  try {
    proxyAddr.compile(value.split(',').map((part) => part.trim()));
    return true;
  } catch {
    return false;
  }
}
