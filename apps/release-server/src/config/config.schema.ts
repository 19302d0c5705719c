import proxyAddr from 'proxy-addr';
import { z } from 'zod';

import { byteSize, duration } from './config.quantity.js';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** Every key, its type, range and default. The README's table says the same in words. */
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
          `${url.username}${url.search}${url.hash}` === ''
        ) {
          return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
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
    storage_driver: z.enum(['filesystem'], { error: 'expected filesystem' }).default('filesystem'),
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
    read_only: z.boolean({ error: 'expected true or false' }).default(false),
    log_level: z.enum(LOG_LEVELS, { error: `expected one of ${LOG_LEVELS.join(', ')}` }).default('info'),
    shutdown_timeout: duration.default(60_000),
  })
  .superRefine((config, context) => {
    const { auth_token: token, auth_token_file: file, read_only: readOnly } = config;
    const complain = (key: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [key], message });
    if (token !== undefined && file !== undefined) {
      complain('auth_token_file', 'auth_token is given as well; give one of the two');
    }
    if (token === undefined && file === undefined && !readOnly) {
      complain(
        'auth_token',
        'missing: give auth_token or auth_token_file, or set read_only: true to serve without writes',
      );
    }
  });

/** The names of all keys, for hints. */
export const CONFIG_KEYS = Object.keys(configSchema.shape);

function isTrustProxy(value: boolean | number | string): boolean {
  if (typeof value !== 'string') return true;
  try {
    proxyAddr.compile(value.split(',').map((part) => part.trim()));
    return true;
  } catch {
    return false;
  }
}
