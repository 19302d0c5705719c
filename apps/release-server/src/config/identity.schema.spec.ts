import { identityOf } from './identity.factory.js';
import { identitiesSchema } from './identity.schema.js';

const CI = {
  name: 'templates',
  issuer: 'https://token.actions.githubusercontent.com',
  audience: 'https://releases.example.org',
  claims: { repository: 'acme/templates' },
  scopes: ['publish'],
};

const problems = (...identities: unknown[]): string[] =>
  (identitiesSchema.safeParse(identities).error?.issues ?? []).map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  );

describe('the list of identities', () => {
  it('takes all that an identity may have', () => {
    const more = { packages: ['a*'], releases: ['v2.*'] };
    expect(problems({ ...CI, ...more, jwks_uri: 'https://x.example/keys' })).toEqual([]);
    expect(problems(CI, { ...CI, name: 'file', issuer: 'jenkins', jwks_file: '/keys.json' })).toEqual([]);
  });

  it.each(['http://localhost:8080', 'http://127.0.0.1:1/oidc', 'http://[::1]:1', 'https://x.example/a/'])(
    'takes keys from %s',
    (address) => {
      expect(problems({ ...CI, issuer: address })).toEqual([]);
      expect(problems({ ...CI, jwks_uri: address })).toEqual([]);
    },
  );

  it.each([
    'http://x.example',
    'http://localhost.example',
    'http://127.0.0.1.example',
    'ftp://x.example',
    'x.example',
    'https://user@x.example',
    'https://x.example/#a',
    'https://x.example/?a',
  ])('takes none from %s', (address) => {
    const message = expect.stringContaining('expected an https address') as string;
    expect(problems({ ...CI, issuer: address })).toEqual([message]);
    expect(problems({ ...CI, jwks_uri: address })).toEqual([message]);
  });

  it('reads numbers and truth values of claims as texts', () => {
    const [identity] = identitiesSchema.parse([{ ...CI, claims: { id: 4711, protected: true, ref: 'x' } }]);
    expect(identity?.claims).toEqual({ id: '4711', protected: 'true', ref: 'x' });
  });

  it.each<[string, object, string]>([
    ['no issuer', { issuer: undefined }, '0.issuer: expected the address of an issuer'],
    [
      'an issuer with a space',
      { issuer: 'a b', jwks_file: 'x' },
      '0.issuer: expected the address of an issuer',
    ],
    ['no audience', { audience: undefined }, '0.audience: expected an audience'],
    ['no claims', { claims: undefined }, '0.claims: expected at least one claim with a pattern'],
    ['an empty set of claims', { claims: {} }, '0.claims: expected at least one claim with a pattern'],
    ['a list of claims', { claims: ['a'] }, '0.claims: expected at least one claim with a pattern'],
    ['a claim without a pattern', { claims: { ref: '' } }, '0.claims.ref: expected a pattern'],
    ['a claim with several', { claims: { ref: ['a'] } }, '0.claims.ref: expected a pattern'],
    ['no scopes', { scopes: undefined }, '0.scopes: expected a list of read, publish,'],
    [
      'keys from two places',
      { jwks_uri: 'https://x.example', jwks_file: 'x' },
      '0.jwks_file: jwks_uri is given as well',
    ],
    ['no name', { name: undefined }, '0.name: expected a name'],
  ])('refuses %s', (_, wrong, message) => {
    expect(problems({ ...CI, ...wrong })).toEqual([expect.stringContaining(message)]);
  });

  it('refuses a name that stands in it twice', () => {
    expect(problems(CI, CI)).toEqual(['1.name: another identity has this name']);
  });

  it('hands them on as the library has them', () => {
    const [identity] = identitiesSchema.parse([{ ...CI, jwks_file: '/keys.json' }]);
    expect(identity && identityOf(identity)).toEqual({ ...CI, jwksUri: undefined, jwksFile: '/keys.json' });
  });
});
