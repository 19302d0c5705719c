import { describe, expect, it } from '@jest/globals';

import { Failure, UNREACHABLE, type Problem } from './problem.js';
import { Token, type CheckToken } from './token.js';

const REFUSED: Problem = { title: 'A valid bearer token is required', code: 'unauthorized' };

/** A person who gives these tokens, one after the other, and then none; `check` is what the server says of each. */
function person(tokens: string[], check: CheckToken = () => Promise.reject(new Failure(UNREACHABLE))) {
  const asked: (Problem | undefined)[] = [];
  const known: boolean[] = [];
  const token = new Token(
    async (refused) => {
      asked.push(refused);
      return tokens.shift();
    },
    check,
    (is) => known.push(is),
  );
  return { token, asked, known };
}

/** A server that takes this token only. */
function server(right: string) {
  return async (token: string): Promise<string> => {
    if (token !== right) throw new Failure(REFUSED);
    return `done with ${token}`;
  };
}

describe('Token', () => {
  it('is asked for once, by however many need it', async () => {
    const { token, asked } = person(['right']);

    await expect(Promise.all([token.get(), token.get()])).resolves.toEqual(['right', 'right']);
    await expect(token.use(server('right'))).resolves.toBe('done with right');
    expect(asked).toHaveLength(1);
    expect(token.accepted).toBe(true);
  });

  it('is forgotten when the server refuses it, and asked for with the words of the server', async () => {
    const { token, asked, known } = person(['wrong', 'right']);

    await expect(token.use(server('right'))).resolves.toBe('done with right');
    expect(asked).toEqual([undefined, REFUSED]);
    expect(known).toEqual([true, false, true]);
  });

  it('lets two who were refused go on with one new token', async () => {
    const { token, asked } = person(['wrong', 'right']);

    await expect(Promise.all([token.use(server('right')), token.use(server('right'))])).resolves.toHaveLength(
      2,
    );
    expect(asked).toHaveLength(2);
  });

  it('ends with the words of the server when no other is given', async () => {
    const { token } = person(['wrong']);

    await expect(token.use(server('right'))).rejects.toMatchObject({ problem: { ...REFUSED, forAll: true } });
  });

  it('does not take another failure for its own', async () => {
    const { token, known } = person(['right']);
    const failure = new Failure({ title: 'The storage is full', code: 'insufficient_storage' });

    await expect(token.use(() => Promise.reject(failure))).rejects.toBe(failure);
    expect(known).toEqual([true]);
  });

  it('is gone when it is forgotten', async () => {
    const { token, known } = person(['right']);
    await token.use(server('right'));
    token.forget();

    expect(token.accepted).toBe(false);
    expect(known).toEqual([true, false]);
    await expect(token.get()).resolves.toBeUndefined();
  });

  it('is checked at once, and asked for until the server takes one', async () => {
    const right = server('right');
    const { token, asked, known } = person(['wrong', 'right'], async (given) => void (await right(given)));

    await expect(token.get()).resolves.toBe('right');
    expect(asked).toEqual([undefined, REFUSED]);
    expect(known).toEqual([true]);
    expect(token.accepted).toBe(true);
  });

  it('is not even checked where somebody has given too many wrong ones', async () => {
    const refused = { title: 'Too many wrong tokens', code: 'too_many_attempts' } as const;
    const { token, asked, known } = person(['right'], () => Promise.reject(new Failure(refused)));

    await expect(token.get()).resolves.toBeUndefined();
    expect(asked).toEqual([undefined, refused]);
    expect(known).toEqual([]);
  });

  it('is taken unchecked where the server does not say anything of it', async () => {
    const { token } = person(['right']);

    await expect(token.get()).resolves.toBe('right');
    expect(token.accepted).toBe(false);
  });
});
