import { describe, expect, it } from '@jest/globals';

import type { Owner } from './owner.js';
import { Failure, UNREACHABLE, type Problem } from './problem.js';
import { Token, type CheckToken } from './token.js';

const REFUSED: Problem = { title: 'A valid bearer token is required', code: 'unauthorized' };

const OWNER: Owner = { name: 'ci', scopes: ['publish'] };

/** A person who gives these tokens, one after the other, and then none; `check` is what the server says of each. */
function person(tokens: string[], check: CheckToken = async () => OWNER) {
  const asked: (Problem | undefined)[] = [];
  const known: (Owner | undefined)[] = [];
  const token = new Token(
    async (refused) => {
      asked.push(refused);
      return tokens.shift();
    },
    check,
    (owner) => known.push(owner),
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
    expect(token.owner).toBe(OWNER);
  });

  it('is forgotten when the server refuses it, and asked for with the words of the server', async () => {
    const { token, asked, known } = person(['wrong', 'right']);

    await expect(token.use(server('right'))).resolves.toBe('done with right');
    expect(asked).toEqual([undefined, REFUSED]);
    expect(known).toEqual([OWNER, undefined, OWNER]);
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
    expect(known).toEqual([OWNER]);
  });

  it('is gone when it is forgotten', async () => {
    const { token, known } = person(['right']);
    await token.use(server('right'));
    token.forget();

    expect(token.owner).toBeUndefined();
    expect(known).toEqual([OWNER, undefined]);
    await expect(token.get()).resolves.toBeUndefined();
  });

  it('is checked at once, and asked for until the server takes one', async () => {
    const right = server('right');
    const { token, asked, known } = person(['wrong', 'right'], async (given) => {
      await right(given);
      return OWNER;
    });

    await expect(token.get()).resolves.toBe('right');
    expect(asked).toEqual([undefined, REFUSED]);
    expect(known).toEqual([OWNER]);
  });

  it.each<Problem>([
    { title: 'Too many wrong tokens', code: 'too_many_attempts' },
    { title: 'The token has expired', code: 'unauthorized' },
    UNREACHABLE,
  ])('is not taken where the server says: $title', async (refused) => {
    const { token, asked, known } = person(['right'], () => Promise.reject(new Failure(refused)));

    await expect(token.get()).resolves.toBeUndefined();
    expect(asked).toEqual([undefined, refused]);
    expect(known).toEqual([]);
  });

  it('is looked at again where it may not do what it was used for', async () => {
    const less: Owner = { ...OWNER, scopes: ['read'] };
    const owners = [OWNER, less];
    const { token, known } = person(['right'], async () => owners.shift() ?? less);
    const failure = new Failure({ title: 'Not allowed', code: 'insufficient_scope' });

    await expect(token.use(() => Promise.reject(failure))).rejects.toBe(failure);
    await Promise.resolve();
    expect(known).toEqual([OWNER, less]);
    expect(token.isKnown).toBe(true);
  });
});
