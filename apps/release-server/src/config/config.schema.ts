import { z } from 'zod';

import { byteSize, duration } from './config.quantity.js';
import {
  allowedHost,
  baseUrl,
  choice,
  file,
  flag,
  httpUrl,
  linkKeyText,
  repositoryName,
  text,
  trustedProxies,
} from './config.values.js';
import { identitiesSchema } from './identity.schema.js';
import { tokensSchema } from './token.schema.js';

declare module 'zod' {
  interface GlobalMeta {
    /** What holds where the key is not given and has no default, in words. */
    otherwise?: string;
    /** A value that must not stand where many can read it. */
    secret?: boolean;
    /** Of a section: the values of other keys with which it is used. */
    onlyWith?: Readonly<Record<string, string>>;
  }
}

/** Bytes of the largest object that a single PUT may write. */
const LARGEST_PUT = 5 * 1024 ** 3;
const DAY_MS = 24 * 60 * 60 * 1000;
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

const PORT = 'expected a port from 0 to 65535';
const LIMIT = 'expected a whole number from 1, or null for no limit';

const s3Schema = z.strictObject(
  {
    bucket: text('the name of a bucket').meta({ description: 'an existing bucket' }),
    prefix: z
      .string({ error: 'expected a string' })
      .regex(
        /^(?:[A-Za-z0-9._-][A-Za-z0-9._/-]*)?$/,
        'expected letters, digits and . _ - / with no slash in front',
      )
      .transform((prefix) => (prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`))
      .default('')
      .meta({ description: 'what all keys begin with, such as `releases/`' }),
    region: text('a region').optional().meta({ description: 'region of the bucket', otherwise: "the SDK's" }),
    endpoint: httpUrl
      .optional()
      .meta({ description: 'address of another store (`https://minio.example`)', otherwise: 'AWS' }),
    force_path_style: flag.default(false).meta({
      description: 'bucket in the path rather than in the host name; most other stores need it',
    }),
    access_key_id: text('an access key').optional().meta({
      description: 'access key; without, that of the environment, a service account, SSO or the instance',
      otherwise: "the SDK's",
      secret: true,
    }),
    access_key_id_file: file
      .optional()
      .meta({ description: 'a file that holds the access key instead, read at the start' }),
    secret_access_key: text('a secret key')
      .optional()
      .meta({ description: 'secret key, likewise', otherwise: "the SDK's", secret: true }),
    secret_access_key_file: file
      .optional()
      .meta({ description: 'a file that holds the secret key instead, read at the start' }),
    redirect_downloads: flag
      .default(false)
      .meta({ description: 'answer downloads with a 302 to the store, which clients then have to reach' }),
    presign_expires: duration
      .refine((time) => time >= 1000 && time <= 7 * DAY_MS, 'expected a time span from 1s to 168h')
      .prefault('10m')
      .meta({ description: 'how long such an address holds' }),
    grace: duration.prefault('1h').meta({
      description:
        'how long the bytes of a package outlive it; more than `presign_expires` and the longest download',
    }),
    spool_path: text('a directory').default('/tmp/release-server').meta({
      description: 'directory for uploads in flight: `release-server-spool` is made in it',
    }),
  },
  { error: 'expected the keys of the section s3' },
);

const tlsSchema = z.strictObject(
  {
    cert_file: file.meta({
      description:
        'a file with the [certificate](docs/operations.md#tls), and behind it those of its issuers, as PEM; with both the server ' +
        'speaks HTTPS. Read again when they change',
    }),
    key_file: file.meta({ description: 'a file with the private key of it, as PEM and not encrypted' }),
  },
  { error: 'expected the keys of the section tls' },
);

const retentionSchema = z.strictObject(
  {
    evict: choice(['packages', 'releases'], 'packages or releases')
      .default('packages')
      .meta({
        description:
          'what leaves at a time beyond `max_packages` and by `max_age`: single packages, the oldest first, or `releases`, ' +
          'the oldest whole',
      }),
    keep_releases: z.int({ error: LIMIT }).min(1, LIMIT).nullable().default(null).meta({
      description: 'how many stable releases are kept, the newest; others leave whole',
      otherwise: 'all',
    }),
    keep_prereleases: z
      .int({ error: LIMIT })
      .min(1, LIMIT)
      .nullable()
      .default(null)
      .meta({ description: 'the same of pre-releases', otherwise: 'all' }),
    max_age: duration
      .refine((time) => time >= 60_000, 'expected a time span of at least 1m')
      .nullable()
      .default(null)
      .meta({
        description:
          'time after which something leaves (`365d`), counted from when it was published or, of a release, last added to',
        otherwise: 'none',
      }),
    protect: z
      .array(text('a pattern of tags and names').max(200, 'expected at most 200 characters'), {
        error: 'expected a list of patterns',
      })
      .max(100, 'expected at most 100 patterns')
      .default([])
      .meta({
        description:
          "patterns with `*` and `?` of tags and of names of packages that never leave (`['v2.*', 'tool-*-v1.7.0.zip']`)",
      }),
    protect_latest: flag.default(false).meta({
      description: 'whether the highest stable release, and one that is marked as the latest, never leaves',
    }),
  },
  { error: 'expected the keys of the section retention' },
);

/**
 * Every key, its type, range, default and meaning. `npm run generate` writes what follows from it: the tables in
 * README.md and what the chart knows of the keys. Links in descriptions start at the root of the project.
 */
export const configSchema = z
  .strictObject({
    host: z
      .string({ error: 'expected a host name or address' })
      .min(1)
      .default('0.0.0.0')
      .meta({ description: "listen address; `'::'` for IPv6 and IPv4" }),
    port: z
      .int({ error: PORT })
      .min(0, PORT)
      .max(65535, PORT)
      .default(8000)
      .meta({ description: 'listen port; 0 picks a free one' }),
    tls: tlsSchema.optional(),
    public_url: baseUrl.optional().meta({
      description: 'absolute base of links, with a path where there is one (`https://x.example/releases`)',
    }),
    trust_proxy: trustedProxies.default(false).meta({
      description:
        'whose [forwarded headers](docs/proxy.md#forwarded-headers) (`X-Forwarded-Proto`, `-Host`, `-Port`, `-Prefix` or ' +
        '`Forwarded`) count when `public_url` is not set: `true`, a number of hops, or addresses (`loopback, 10.0.0.0/8`)',
    }),
    allowed_hosts: z
      .array(allowedHost, { error: 'expected a list of host names' })
      .min(1, 'expected at least one host name (leave allowed_hosts out to allow any)')
      .optional()
      .meta({
        description:
          "[names](docs/operations.md#names) under which it is served (`[releases.example.org, '*.example.org']`), " +
          'against DNS rebinding; others get 421. Without it any name',
      }),
    storage_driver: choice(['filesystem', 's3'], 'filesystem or s3').default('filesystem').meta({
      description:
        '[where packages are kept](docs/storage.md#directory-or-bucket): `filesystem`, or `s3` for several replicas',
    }),
    storage_path: text('a directory').default('/data').meta({ description: 'directory of the packages' }),
    max_packages: z
      .int({ error: LIMIT })
      .min(1, LIMIT)
      .nullable()
      .default(200)
      .meta({
        description:
          'most packages that are kept; `null` for no limit. A full spec-kit release is 34. Beyond it each new package ' +
          'takes the place of the oldest, so [releases leave file by file](docs/operations.md#when-the-store-is-full)',
      }),
    retention: retentionSchema.prefault({}),
    max_upload_size: byteSize
      .refine((bytes) => bytes >= 1, 'expected at least 1 byte')
      .prefault('256MiB')
      .meta({
        description: 'largest package; a larger one gets 413, before its body where the length is known',
      }),
    min_free_space: byteSize
      .prefault('64MiB')
      .meta({ description: 'an upload that would leave less gets 507' }),
    auth_token: z
      .string({ error: 'expected a string (quote it if it looks like a number)' })
      .regex(/^[\x21-\x7e]+$/, 'expected printable ASCII characters without spaces')
      .optional()
      .meta({
        description: 'the secret for writes; with fewer than 16 characters each start warns',
        secret: true,
      }),
    auth_token_file: file
      .optional()
      .meta({ description: 'a file that holds the token instead; read again when it changes' }),
    tokens: tokensSchema
      .default([])
      .meta({ description: '[named tokens](docs/operations.md#tokens), each with what it may do' }),
    tokens_file: file.optional().meta({
      description: 'a YAML file with the key `tokens`, for further ones; read again when it changes',
    }),
    identities: identitiesSchema.default([]).meta({
      description: '[jobs in CI](docs/identities.md) that need no secret, each with what it may do',
    }),
    read_access: choice(['public', 'token'], 'public or token').default('public').meta({
      description:
        'who may read: `public` for everybody, or `token` for [who has a token with the scope `read`](docs/operations.md#private-reads)',
    }),
    link_key: linkKeyText.optional().meta({
      description:
        'what [links are signed](docs/operations.md#signed-links) with where reads ask for a token',
      otherwise: 'made of `auth_token`, or random',
      secret: true,
    }),
    link_key_file: file.optional().meta({ description: 'a file that holds it instead, read at the start' }),
    link_expires: duration
      .refine((time) => time >= 60_000 && time <= 7 * DAY_MS, 'expected a time span from 1m to 168h')
      .prefault('1h')
      .meta({ description: 'how long such a link holds at most' }),
    read_only: flag.default(false).meta({ description: 'serve only; needs no token' }),
    allow_overwrite: flag
      .default(true)
      .meta({ description: '`false` answers 403 to whoever would replace a package' }),
    allow_delete: flag
      .default(true)
      .meta({ description: '`false` answers 403 to deletions; retention still removes the oldest' }),
    repository: repositoryName.default('release-server/releases').meta({
      description:
        '`owner/name` of the [repository](docs/http.md#githubs-api) whose releases these are to clients of GitHub',
    }),
    strict_repository: flag
      .default(false)
      .meta({ description: '`true` answers 404 to whoever asks for another repository than that one' }),
    immutable: flag.default(false).meta({
      description:
        '`true` keeps what is published [as it is](docs/operations.md#keep-what-is-published): `allow_overwrite` and ' +
        '`allow_delete` are `false`, and nothing is added to a release that was published as such. Both `false` are the same',
    }),
    log_level: choice(LOG_LEVELS, `one of ${LOG_LEVELS.join(', ')}`)
      .default('info')
      .meta({
        description: '`trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`',
      }),
    keep_alive_timeout: duration
      .refine((time) => time >= 1000 && time <= DAY_MS, 'expected a time span from 1s to 24h')
      .prefault('75s')
      .meta({
        description:
          'how long a connection is kept between two requests, 1s to 24h; [longer than the proxy in front keeps ' +
          'it](docs/proxy.md#connections-that-are-kept)',
      }),
    shutdown_timeout: duration
      .prefault('60s')
      .meta({ description: 'time for requests in flight after SIGTERM' }),
    s3: s3Schema.optional().meta({ onlyWith: { storage_driver: 's3' } }),
  })
  .superRefine((config, context) => {
    const { auth_token: token, auth_token_file: tokenFile } = config;
    const complain = (key: string, message: string): void =>
      context.addIssue({ code: 'custom', path: key.split('.'), message });
    if (token !== undefined && tokenFile !== undefined) {
      complain('auth_token_file', 'auth_token is given as well; give one of the two');
    }
    if (config.link_key !== undefined && config.link_key_file !== undefined) {
      complain('link_key_file', 'link_key is given as well; give one of the two');
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
  const { auth_token, auth_token_file, tokens, tokens_file, identities, read_only, read_access } = config;
  const given = [auth_token, auth_token_file, tokens_file, tokens[0], identities[0]];
  if ((read_only && read_access === 'public') || given.some((one) => one !== undefined)) return;
  const otherwise =
    read_access === 'public'
      ? ', or set read_only: true to serve without writes'
      : ', for with read_access: token nobody could read';
  context.addIssue({
    code: 'custom',
    path: ['auth_token'],
    message: `missing: give auth_token, auth_token_file, tokens, tokens_file or identities${otherwise}`,
  });
});
