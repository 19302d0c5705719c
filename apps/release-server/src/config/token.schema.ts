import { z } from 'zod';

// Not by `#auth`: what is generated of the schema is made without a build.
import { SCOPES } from '../../../../libs/auth/src/access.js';
import { text } from './config.values.js';

declare module 'zod' {
  interface GlobalMeta {
    /** Keys that somebody may look for in a section, and why it has none. */
    refused?: Readonly<Record<string, string>>;
  }
}

const EXPECTED_HASH =
  'expected sha256: and 64 hexadecimal digits, as "release-server token create" prints them';
const EXPECTED_SCOPES = `expected a list of ${SCOPES.join(', ')}`;
const EXPECTED_TIME = 'expected a date such as 2027-06-30, or a time such as 2027-06-30T12:00:00Z';

const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/;

/** Milliseconds since the epoch. */
function toTime(written: string, context: z.RefinementCtx): number {
  const time = Date.parse(written);
  // A day that its month does not have is read as one of the next.
  const day = Date.parse(written.slice(0, 'YYYY-MM-DD'.length));
  const isDay =
    Number.isFinite(day) && written.startsWith(new Date(day).toISOString().slice(0, 'YYYY-MM-DD'.length));
  if (Number.isFinite(time) && isDay) return time;
  context.addIssue({ code: 'custom', message: EXPECTED_TIME });
  return z.NEVER;
}

const patterns = (of: string) =>
  z
    .array(text('a pattern').max(200, 'expected at most 200 characters'), {
      error: 'expected a list of patterns',
    })
    .min(1, 'expected at least one pattern (leave it out for all)')
    .max(100, 'expected at most 100 patterns')
    .optional()
    .meta({ description: `patterns with \`*\` and \`?\` of ${of}`, otherwise: 'all' });

/** What somebody may do, in whichever way it is known who they are. */
export const grantShape = {
  scopes: z
    .array(z.enum(SCOPES, { error: EXPECTED_SCOPES }), { error: EXPECTED_SCOPES })
    .min(1, EXPECTED_SCOPES)
    .meta({
      description: `[what it may do](docs/operations.md#tokens): ${SCOPES.map((scope) => `\`${scope}\``).join(', ')}; none includes another`,
    }),
  packages: patterns("the names of packages that it is for (`['spec-kit-template-*']`)"),
  releases: patterns("the tags of releases that it is for (`['v2.*']`)"),
};

/** A name for audit lines. */
export const actorName = z
  .string({ error: 'expected a name' })
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@/-]{0,99}$/, 'expected a name of letters, digits and . _ @ / -');

const tokenSchema = z
  .strictObject(
    {
      name: actorName.meta({
        description: 'whose it is, for the log. While one is changed, two may have it',
      }),
      hash: z
        .string({ error: EXPECTED_HASH })
        .regex(/^sha256:[0-9A-Fa-f]{64}$/, EXPECTED_HASH)
        .meta({ description: '`sha256:` and the SHA-256 of the token in hexadecimal digits' }),
      ...grantShape,
      expires_at: z
        .string({ error: EXPECTED_TIME })
        .regex(TIME, EXPECTED_TIME)
        .transform(toTime)
        .optional()
        .meta({
          description: 'a date, whose beginning in UTC counts, or a time, from which it is not valid',
          otherwise: 'never',
        }),
    },
    { error: 'expected the keys of a token' },
  )
  .meta({
    refused: {
      token:
        'a token never stands in the configuration, which many can read: give its hash, as "release-server token create" ' +
        'prints it, and if the token is in use already, make another',
    },
  });

/** A list of tokens, each of which stands in it once. */
export const tokensSchema = z
  .array(tokenSchema, { error: 'expected a list of tokens' })
  .max(1000, 'expected at most 1000 tokens')
  .superRefine((tokens, context) => {
    const seen = new Set<string>();
    for (const [index, { hash }] of tokens.entries()) {
      const key = hash.toLowerCase();
      if (seen.has(key)) {
        context.addIssue({ code: 'custom', path: [index, 'hash'], message: 'another token has this hash' });
      }
      seen.add(key);
    }
  });

/** The file that `tokens_file` names. */
export const tokensFileSchema = z.strictObject({ tokens: tokensSchema });

export type ConfiguredToken = z.output<typeof tokenSchema>;
