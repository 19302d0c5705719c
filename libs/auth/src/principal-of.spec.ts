import { inspect } from 'node:util';

import { jest } from '@jest/globals';

import { AuthError } from './auth.errors.js';
import { principalOf } from './principal-of.js';
import type { Principal, TokenVerifier } from './token-verifier.js';

/** A verifier as its author may have written it in JavaScript: it does whatever it does. */
function verifier(verify: (token: string) => unknown): TokenVerifier {
  return { verify: verify as TokenVerifier['verify'] };
}

/** Has a name that it inherits, as rows of many database libraries do. */
class Row {
  get name(): string {
    return 'anna';
  }
}

describe('principalOf', () => {
  it.each([
    ['an object with a name', { name: 'anna' }],
    ['more than a name', { name: 'anna', team: 'a' }],
    ['an instance whose name is a getter of its class', new Row()],
    ['an object without a prototype', Object.assign(Object.create(null) as object, { name: 'anna' })],
  ])('knows %s', async (_, answer) => {
    const answers = [answer, Promise.resolve(answer)];
    for (const one of answers) {
      expect(
        await principalOf(
          verifier(() => one),
          'token',
        ),
      ).toMatchObject({ ...Object.fromEntries(Object.entries(answer)), name: 'anna' });
    }
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['false', false],
    ['true', true],
    ['0', 0],
    ['1', 1],
    ['NaN', NaN],
    ['an empty string', ''],
    ['a string', 'anna'],
    ['{}', {}],
    ['an empty name', { name: '' }],
    ['a blank name', { name: ' \t' }],
    ['a name that is a number', { name: 5 }],
    ['a name that is null', { name: null }],
    ['a name that is an object', { name: new String('anna') }],
    ['an empty list of rows', []],
    ['a list of rows', [{ name: 'anna' }]],
    ['a list with a name', Object.assign([], { name: 'anna' })],
    ['a function, which has a name', function anna() {}],
    ['a class', Row],
    ['a map', new Map([['name', 'anna']])],
    ['an async iterable of rows', (async function* () {})()],
    ['a symbol', Symbol('anna')],
  ])('takes %s for nobody', async (_, answer) => {
    expect(
      await principalOf(
        verifier(() => answer),
        'token',
      ),
    ).toBeUndefined();
    expect(
      await principalOf(
        verifier(async () => answer),
        'token',
      ),
    ).toBeUndefined();
  });

  it.each<[string, () => unknown]>([
    ['throws an error', () => fail(new Error('no connection'))],
    ['throws at once, before it returns a promise', () => fail(new TypeError('x'))],
    ['rejects', () => Promise.reject(new Error('x'))],
    ['throws undefined', () => fail(undefined)],
    ['throws null', () => fail(null)],
    ['throws a string', () => fail('x')],
    [
      'throws what has a status',
      () => fail(Object.assign(new Error('x'), { status: 200, getStatus: () => 200 })),
    ],
    [
      'throws what throws when it is looked at',
      () => fail(new Proxy({}, { get: () => fail(new Error('x')) })),
    ],
    ['returns an error, which has a name', () => new Error('x')],
    ['returns an error of the platform', () => new DOMException('x')],
    [
      'returns a name that throws',
      () => ({
        get name() {
          return fail(new Error('x'));
        },
      }),
    ],
    [
      'returns a field that throws',
      () => ({
        name: 'anna',
        get team() {
          return fail(new Error('x'));
        },
      }),
    ],
  ])('cannot tell when it %s', async (_, verify) => {
    await expect(principalOf(verifier(verify), 'token')).rejects.toMatchObject({
      name: 'AuthError',
      code: 'token_unavailable',
      message: expect.stringContaining('The token verifier failed'),
    });
  });

  it('passes on what the verifier says by an AuthError', async () => {
    const error = new AuthError('unauthorized', 'The token of anna has expired.');

    await expect(
      principalOf(
        verifier(() => Promise.reject(error)),
        'token',
      ),
    ).rejects.toBe(error);
  });

  it('tells what failed with its causes, and not the token', async () => {
    const cause = new Error('GET https://id.example/tokens/s3cret-token: ECONNREFUSED');
    const verify = (): never => fail(new Error('lookup of s3cret-token failed', { cause }));

    const message = await principalOf(verifier(verify), 's3cret-token').catch(String);
    expect(message).toContain('ECONNREFUSED');
    expect(message).not.toContain('s3cret-token');
  });

  it('hides the token also in what the verifier says itself, and in its cause', async () => {
    const cause = new Error('GET https://id.example/tokens/s3cret-token');
    const verify = (): never =>
      fail(new AuthError('token_unavailable', 'no answer for s3cret-token', { cause }));

    const error = await principalOf(verifier(verify), 's3cret-token').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'token_unavailable' });
    expect(inspect(error)).toContain('id.example');
    expect(inspect(error)).not.toContain('s3cret-token');
  });

  it('does not log more than a few thousand characters of a failure', async () => {
    const verify = (): never => fail(new Error('x'.repeat(1_000_000)));

    await expect(principalOf(verifier(verify), 'token')).rejects.toMatchObject({
      message: expect.stringMatching(/^The token verifier failed: .{1000,4100}$/s),
    });
  });

  it('does not see a name that changes after it was checked', async () => {
    let asked = 0;
    const row = {
      get name() {
        return asked++ === 0 ? 'anna' : '';
      },
    };
    const principal = (await principalOf(
      verifier(() => row),
      'token',
    )) as Principal;

    expect([principal.name, principal.name]).toEqual(['anna', 'anna']);
  });

  it('gives up a verifier that does not answer, whatever it says later', async () => {
    jest.useFakeTimers();
    try {
      const late = Promise.withResolvers<Principal>();
      const asked = principalOf(
        verifier(() => late.promise),
        'token',
      ).catch((error: unknown) => error);
      await jest.advanceTimersByTimeAsync(10_000);
      expect(await asked).toMatchObject({
        code: 'token_unavailable',
        message: expect.stringContaining('no answer within 10 s'),
      });
      late.reject(new Error('too late to be heard'));
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });
});

function fail(reason: unknown): never {
  throw reason;
}
