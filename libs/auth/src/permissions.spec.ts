import { jest } from '@jest/globals';

import type { AuthOptions } from './auth.options.js';
import { Permissions } from './permissions.js';
import type { Principal, TokenVerifier } from './token-verifier.js';

const ANNA: Principal = { name: 'anna' };

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
    expect(await permissions(may).require(ANNA, 'publish', 'a.zip')).toBe(ANNA);
  });

  it.each([undefined, null, false, 0, 1, 'true', {}, [true], new Error('no')])(
    'forbid what a verifier answers with %p',
    async (answer) => {
      await expect(permissions(() => answer).require(ANNA, 'delete', 'a.zip')).rejects.toMatchObject({
        code: 'forbidden',
        message: 'This token may not delete a.zip.',
      });
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
    await expect(permissions(may).require(ANNA, 'publish', 'a.zip')).rejects.toMatchObject({
      code: 'token_unavailable',
      message: expect.stringContaining('down') as string,
    });
  });

  it('cannot be told by a verifier that does not answer', async () => {
    jest.useFakeTimers();
    try {
      const asked = permissions(() => new Promise(() => undefined)).require(ANNA, 'publish', 'a.zip');
      const refusal = asked.catch((error: unknown) => error);
      await jest.advanceTimersByTimeAsync(10_000);
      expect(await refusal).toMatchObject({ code: 'token_unavailable' });
    } finally {
      jest.useRealTimers();
    }
  });

  it('let nobody do anything who is not known, and nobody at all on a read-only server', async () => {
    const all = (): boolean => true;
    await expect(permissions(all).require(undefined, 'publish', 'a')).rejects.toMatchObject({
      code: 'unauthorized',
    });
    await expect(permissions(all, true).require(ANNA, 'publish', 'a')).rejects.toMatchObject({
      code: 'read_only',
    });
  });
});
