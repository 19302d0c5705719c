import { SCOPES } from '#auth';

import { tokensSchema } from './token.schema.js';

const DIGITS = '0a'.repeat(32);
const HASH = `sha256:${DIGITS}`;
const CI = { name: 'ci', hash: HASH, scopes: ['publish'] };

const problems = (...tokens: unknown[]): string[] =>
  (tokensSchema.safeParse(tokens).error?.issues ?? []).map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  );

describe('the list of tokens', () => {
  it('takes all that a token may have', () => {
    expect(problems({ ...CI, scopes: SCOPES, packages: ['a*'], releases: ['v2.*'] })).toEqual([]);
    expect(problems(CI, { ...CI, hash: HASH.replace('0a', '0B') })).toEqual([]);
  });

  it.each([
    ['2027-06-30', Date.UTC(2027, 5, 30)],
    ['2028-02-29', Date.UTC(2028, 1, 29)],
    ['2027-06-30T12:00:00Z', Date.UTC(2027, 5, 30, 12)],
    ['2027-06-30T12:00+02:00', Date.UTC(2027, 5, 30, 10)],
    ['2027-06-30T12:00:00.5Z', Date.UTC(2027, 5, 30, 12, 0, 0, 500)],
  ])('reads %s as a time', (expires_at, time) => {
    expect(tokensSchema.parse([{ ...CI, expires_at }])[0]?.expires_at).toBe(time);
  });

  it.each(['2027-02-29', '2027-13-01', '30.6.2027', '2027-06-30T12:00', '2027', 'never', 1_800_000_000])(
    'takes %s for no time',
    (expires_at) => {
      expect(problems({ ...CI, expires_at })).toEqual([
        '0.expires_at: expected a date such as 2027-06-30, or a time such as 2027-06-30T12:00:00Z',
      ]);
    },
  );

  it.each<[string, object, string]>([
    ['no hash', { hash: undefined }, '0.hash: expected sha256: and 64 hexadecimal digits'],
    ['a token for its hash', { hash: 'rs_secret' }, '0.hash: expected sha256: and 64 hexadecimal digits'],
    ['a hash without its algorithm', { hash: '0a'.repeat(32) }, '0.hash: expected sha256:'],
    ['no scopes', { scopes: undefined }, '0.scopes: expected a list of read, publish,'],
    ['an empty list of them', { scopes: [] }, '0.scopes: expected a list of read, publish,'],
    ['an unknown one', { scopes: ['write'] }, '0.scopes.0: expected a list of read, publish,'],
    ['an empty list of packages', { packages: [] }, '0.packages: expected at least one pattern'],
    ['a name with a space', { name: 'a b' }, '0.name: expected a name of letters'],
    ['no name', { name: undefined }, '0.name: expected a name'],
  ])('refuses %s', (_, wrong, message) => {
    expect(problems({ ...CI, ...wrong })).toEqual([expect.stringContaining(message)]);
  });

  it('refuses a hash that stands in it twice', () => {
    expect(problems(CI, { ...CI, hash: `sha256:${DIGITS.toUpperCase()}` })).toEqual([
      '1.hash: another token has this hash',
    ]);
  });
});
