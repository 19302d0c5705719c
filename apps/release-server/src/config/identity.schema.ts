import { z } from 'zod';

// Not by `#auth`: what is generated of the schema is made without a build.
import { isSecureAddress } from '../../../../libs/auth/src/identities/secure-address.js';
import { file, text } from './config.values.js';
import { actorName, grantShape } from './token.schema.js';

const EXPECTED_ADDRESS =
  'expected an https address without query or fragment (http for loopback only), for keys that come in plain text ' +
  "could be anybody's";
const EXPECTED_CLAIMS =
  'expected at least one claim with a pattern, such as repository: acme/*, for without one this would be everybody whom the ' +
  'issuer knows';

const word = (expected: string) =>
  text(expected)
    .regex(/^[\x21-\x7e]+$/, `expected ${expected} of printable ASCII characters without spaces`)
    .max(500, 'expected at most 500 characters');

/** Whether keys can be fetched from there. */
function isSecure(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const url = new URL(address);
  return `${url.username}${url.search}${url.hash}` === '' && isSecureAddress(url);
}

const pattern = z
  .union([z.string(), z.number(), z.boolean()], { error: 'expected a pattern' })
  .transform(String)
  .pipe(z.string().min(1, 'expected a pattern').max(500, 'expected at most 500 characters'));

const identitySchema = z
  .strictObject(
    {
      name: actorName.meta({ description: 'who it is, for the log' }),
      issuer: word('the address of an issuer').meta({
        description:
          'who signs its tokens, exactly as their `iss` has it (`https://token.actions.githubusercontent.com`)',
      }),
      audience: word('an audience').meta({
        description: 'whom its tokens have to be for, `aud`: as a rule the address of this server',
      }),
      jwks_uri: word('an address').refine(isSecure, EXPECTED_ADDRESS).optional().meta({
        description: "where the issuer's keys are",
        otherwise: "as the issuer's discovery document says",
      }),
      jwks_file: file.optional().meta({
        description: 'a file that holds the keys (a JSON Web Key Set) instead; read again when it changes',
      }),
      claims: z
        .record(z.string().min(1).max(100), pattern, { error: EXPECTED_CLAIMS })
        .refine((claims) => Object.keys(claims).length > 0, EXPECTED_CLAIMS)
        .meta({
          description:
            'what its tokens say, by patterns with `*` and `?` that all have to fit (`{repository: acme/templates, ref: refs/tags/*}`)',
        }),
      ...grantShape,
    },
    { error: 'expected the keys of an identity' },
  )
  .superRefine(({ issuer, jwks_uri: uri, jwks_file: path }, context) => {
    const complain = (key: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [key], message });
    if (uri !== undefined && path !== undefined)
      complain('jwks_file', 'jwks_uri is given as well; give one of the two');
    if (uri === undefined && path === undefined && !isSecure(issuer)) {
      complain('issuer', `${EXPECTED_ADDRESS}; or give jwks_uri or jwks_file`);
    }
  });

/** Who is known by tokens of issuers, each under a name of its own. */
export const identitiesSchema = z
  .array(identitySchema, { error: 'expected a list of identities' })
  .max(1000, 'expected at most 1000 identities')
  .superRefine((identities, context) => {
    const seen = new Set<string>();
    for (const [index, { name }] of identities.entries()) {
      if (seen.has(name)) {
        context.addIssue({
          code: 'custom',
          path: [index, 'name'],
          message: 'another identity has this name',
        });
      }
      seen.add(name);
    }
  });

export type ConfiguredIdentity = z.output<typeof identitySchema>;
