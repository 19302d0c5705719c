import { jest } from '@jest/globals';

import type { Access } from './access.js';
import { AuthError } from './auth.errors.js';
import type { AuthOptions } from './auth.options.js';
import { Permissions } from './permissions.js';
import type { Principal, TokenVerifier } from './token-verifier.js';

const ANNA: Principal = { name: 'anna' };
const PUBLISH = { scope: 'publish', file: 'a.zip' } as const;

/** The permissions by a verifier whose `may` does this, as its author may have written it in JavaScript. */
function permissions(may: unknown, readOnly = false): Permissions {
  return new Permissions({ may } as TokenVerifier, { readOnly } as AuthOptions);
}

describe('Permissions', () => {
  it.each([
    ['says true', () => true],
    ['resolves to true', async () => true],
    ['does not say', undefined],
  ])('let a principal do what a verifier %s to', async (_, may) => {
    expect(await permissions(may).require(ANNA, PUBLISH)).toBe(ANNA);
  });

  it.each([undefined, null, false, 0, 1, 'true', {}, [true], new Error('no')])(
    'forbid what a verifier answers with %p',
    async (answer) => {
      await expect(
        permissions(() => answer).require(ANNA, { scope: 'delete', file: 'a.zip', release: 'v1' }),
      ).rejects.toMatchObject({
        code: 'insufficient_scope',
        message: 'This token does not have the scope delete for a.zip in the release v1.',
        access: { scope: 'delete', file: 'a.zip', release: 'v1' },
      });
    },
  );

  it.each<[string, Access]>([
    ['admin', { scope: 'admin' }],
    ['publish for a.zip', PUBLISH],
    ['overwrite for the release v1', { scope: 'overwrite', release: 'v1' }],
  ])('say that a token lacks %s', async (lacking, access) => {
    await expect(permissions(() => false).require(ANNA, access)).rejects.toMatchObject({
      message: `This token does not have the scope ${lacking}.`,
    });
    expect(await permissions(() => false).may(ANNA, access)).toBe(false);
    expect(await permissions(() => true).may(ANNA, access)).toBe(true);
  });

  it('go by the grant of a principal, which a verifier only narrows', async () => {
    const ben = { ...ANNA, grant: { scopes: ['publish'], packages: ['a*'] } } satisfies Principal;
    const other = { scope: 'publish', file: 'b.zip' } as const;
    for (const may of [undefined, () => true]) {
      expect(await permissions(may).require(ben, PUBLISH)).toBe(ben);
      await expect(permissions(may).require(ben, other)).rejects.toMatchObject({
        code: 'insufficient_scope',
      });
    }
    expect(await permissions(() => false).may(ben, PUBLISH)).toBe(false);
  });

  it('cannot be told by a grant that is none', async () => {
    const odd = { ...ANNA, grant: null } as unknown as Principal;
    await expect(permissions(undefined).require(odd, PUBLISH)).rejects.toMatchObject({
      code: 'token_unavailable',
    });
  });

  it.each(['forbidden', 'insufficient_scope'] as const)(
    'pass on what a verifier says by %s',
    async (code) => {
      const error = new AuthError(code, 'Not on Fridays.');
      const may = async (): Promise<never> => Promise.reject(error);
      await expect(permissions(may).require(ANNA, PUBLISH)).rejects.toBe(error);
      expect(await permissions(may).may(ANNA, PUBLISH)).toBe(false);
    },
  );

  it.each([
    [
      'throws',
      () => {
        throw new Error('down');
      },
    ],
    ['rejects', async () => Promise.reject(new Error('down'))],
  ])('cannot be told by a verifier that %s', async (_, may) => {
    await expect(permissions(may).require(ANNA, PUBLISH)).rejects.toMatchObject({
      code: 'token_unavailable',
      message: expect.stringContaining('down') as string,
    });
  });

  it('cannot be told by a verifier that does not answer', async () => {
    jest.useFakeTimers();
    try {
      const asked = permissions(() => new Promise(() => undefined)).require(ANNA, PUBLISH);
      const refusal = asked.catch((error: unknown) => error);
      await jest.advanceTimersByTimeAsync(10_000);
      expect(await refusal).toMatchObject({ code: 'token_unavailable' });
    } finally {
      jest.useRealTimers();
    }
  });

  it('let nobody do anything who is not known, and nobody at all on a read-only server', async () => {
    const all = (): boolean => true;
    await expect(permissions(all).require(undefined, PUBLISH)).rejects.toMatchObject({
      code: 'unauthorized',
    });
    await expect(permissions(all, true).require(ANNA, PUBLISH)).rejects.toMatchObject({
      code: 'read_only',
    });
    expect(await permissions(all, true).may(ANNA, { scope: 'read' })).toBe(true);
  });
});
