import { AuthError } from './auth.errors.js';
import { ConfiguredVerifier } from './configured.verifier.js';
import type { IdentityVerifier } from './identities/identity.verifier.js';
import type { SharedSecretVerifier } from './shared-secret.verifier.js';
import type { Principal } from './token-verifier.js';
import type { NamedTokenVerifier } from './tokens/named-token.verifier.js';

type Verify = (token: string) => Promise<Principal | undefined>;

const nobody: Verify = async () => undefined;
const knows =
  (name: string): Verify =>
  async (token) =>
    token === name ? { name } : undefined;
const fails =
  (code: 'token_unavailable' | 'unauthorized', message: string): Verify =>
  () =>
    Promise.reject(new AuthError(code, message));
const verifier = (tokens: Verify, secret: Verify, identities = nobody): ConfiguredVerifier =>
  new ConfiguredVerifier(
    { verify: tokens } as NamedTokenVerifier,
    { verify: secret } as SharedSecretVerifier,
    { verify: identities } as IdentityVerifier,
  );

describe('ConfiguredVerifier', () => {
  it('knows whom one of the ways knows, and nobody else', async () => {
    const both = verifier(knows('anna'), knows('auth_token'));
    expect(await both.verify('anna')).toEqual({ name: 'anna' });
    expect(await both.verify('auth_token')).toEqual({ name: 'auth_token' });
    expect(await verifier(nobody, nobody, knows('ci')).verify('ci')).toEqual({ name: 'ci' });
    expect(await both.verify('wrong')).toBeUndefined();
  });

  it('keeps nobody out whom one way knows because another cannot tell', async () => {
    const away = fails('token_unavailable', 'no file');
    expect(await verifier(away, knows('auth_token')).verify('auth_token')).toEqual({ name: 'auth_token' });
    expect(await verifier(knows('anna'), away).verify('anna')).toEqual({ name: 'anna' });
    await expect(verifier(nobody, away).verify('x')).rejects.toMatchObject({ message: 'no file' });
  });

  it('passes on what one way refuses', async () => {
    const refusing = verifier(fails('unauthorized', 'expired'), knows('auth_token'));
    await expect(refusing.verify('auth_token')).rejects.toMatchObject({ code: 'unauthorized' });
  });
});
