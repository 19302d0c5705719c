import type { IncomingMessage } from 'node:http';

import { jest } from '@jest/globals';

import { AttemptLimiter, MAX_ATTEMPTS } from './attempt-limiter.js';
import type { AuthContext, AuthOptions } from './auth.options.js';
import { Principals } from './principals.js';
import type { Principal } from './token-verifier.js';

describe('Principals', () => {
  let asker: AuthContext;
  const verify = jest.fn<(token: string) => Promise<Principal | undefined>>();

  beforeEach(() => {
    asker = { address: '192.0.2.1' };
    verify
      .mockReset()
      .mockImplementation(async (token) => (token === 'right' ? { name: 'anna' } : undefined));
  });

  function principals(readOnly = false): Principals {
    const options = { readOnly, contextOf: () => asker } as unknown as AuthOptions;
    return new Principals({ verify }, new AttemptLimiter(), options);
  }

  function request(...authorization: string[]): IncomingMessage {
    return {
      headersDistinct: authorization.length === 0 ? {} : { authorization },
    } as unknown as IncomingMessage;
  }

  it.each(['Bearer right', 'token right'])('tell who sends %j, also to the log', async (authorization) => {
    expect(await principals().of(request(authorization))).toEqual({ name: 'anna' });
    expect(asker.principal).toEqual({ name: 'anna' });
  });

  it('take a wrong token for nobody, as clients send on reads what they have for GitHub', async () => {
    expect(await principals().of(request('token ghp_of_github'))).toBeUndefined();
    expect(asker.principal).toBeUndefined();
  });

  it('ask no verifier where there is no token, or nothing that one allows', async () => {
    expect(await principals().of(request())).toBeUndefined();
    expect(await principals().of(request('Bearer right', 'Bearer right'))).toBeUndefined();
    expect(await principals(true).of(request('Bearer right'))).toBeUndefined();
    expect(verify).not.toHaveBeenCalled();
  });

  it('let those wait who try tokens out, and not who has the right one', async () => {
    jest.useFakeTimers();
    try {
      const all = principals();
      for (let count = 0; count < MAX_ATTEMPTS; count++) await all.of(request('token wrong'));
      let isAnswered = false;
      const waiting = all.of(request('token wrong')).then(() => (isAnswered = true));
      expect(await all.of(request('token right'))).toEqual({ name: 'anna' });
      expect(isAnswered).toBe(false);
      await jest.advanceTimersByTimeAsync(2000);
      await waiting;
    } finally {
      jest.useRealTimers();
    }
  });

  it('pass on that the verifier cannot tell', async () => {
    verify.mockRejectedValue(new Error('down'));
    await expect(principals().of(request('token right'))).rejects.toMatchObject({
      code: 'token_unavailable',
    });
  });
});
