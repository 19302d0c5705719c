import { createHash } from 'node:crypto';

import type { AuthOptions } from '../auth.options.js';
import type { NamedToken } from './named-token.js';
import { NamedTokenVerifier } from './named-token.verifier.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const named = (name: string, more: Partial<NamedToken> = {}): NamedToken => ({
  name,
  sha256: sha256(`${name}-token`),
  scopes: ['publish'],
  ...more,
});

describe('NamedTokenVerifier', () => {
  let tokens: readonly NamedToken[];
  const verifier = new NamedTokenVerifier({
    tokens: {
      get tokens() {
        return tokens;
      },
    },
  } as unknown as AuthOptions);

  it('knows the owner of a token, and what they may do', async () => {
    tokens = [named('anna'), named('ci', { scopes: ['overwrite'], packages: ['a*'], releases: ['v1.*'] })];
    expect(await verifier.verify('anna-token')).toEqual({
      name: 'anna',
      kind: 'token',
      grant: { scopes: ['publish'] },
    });
    expect(await verifier.verify('ci-token')).toEqual({
      name: 'ci',
      kind: 'token',
      grant: { scopes: ['overwrite'], packages: ['a*'], releases: ['v1.*'] },
    });
  });

  it('knows two tokens of one name, and nobody by a hash, a name or another token', async () => {
    tokens = [named('ci'), named('ci', { sha256: sha256('next') })];
    for (const token of ['ci-token', 'next'])
      expect(await verifier.verify(token)).toMatchObject({ name: 'ci' });
    for (const token of [
      sha256('ci-token'),
      `sha256:${sha256('ci-token')}`,
      'ci',
      '',
      'ci-token ',
      'CI-TOKEN',
    ]) {
      expect(await verifier.verify(token)).toBeUndefined();
    }
  });

  // Mutant: the lists are compared by their length.
  it('goes by the list that holds now', async () => {
    tokens = [named('anna')];
    expect(await verifier.verify('anna-token')).toMatchObject({ name: 'anna' });
    tokens = [named('ben')];
    expect(await verifier.verify('anna-token')).toBeUndefined();
    expect(await verifier.verify('ben-token')).toMatchObject({ name: 'ben' });
    expect(await new NamedTokenVerifier({} as AuthOptions).verify('anna-token')).toBeUndefined();
  });

  it('says of an expired token that it has expired, from that very moment', async () => {
    const now = Date.now();
    tokens = [named('old', { expiresAt: now }), named('new', { expiresAt: now + 60_000 })];
    await expect(verifier.verify('old-token')).rejects.toMatchObject({
      code: 'unauthorized',
      owner: 'old',
      message: `The token old expired at ${new Date(now).toISOString()}.`,
    });
    expect(await verifier.verify('new-token')).toMatchObject({ name: 'new' });
  });
});
