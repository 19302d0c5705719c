import { jest } from '@jest/globals';

import { AttemptLimiter, MAX_ATTEMPTS, networkOf } from './attempt-limiter.js';

describe('AttemptLimiter', () => {
  beforeEach(() => {
    jest.useFakeTimers({ now: 1_000_000 });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  async function fail(limiter: AttemptLimiter, address: string, times: number): Promise<void> {
    for (let index = 0; index < times; index++) await limiter.failed(address);
  }

  it('lets an address try a number of times, and then puts off each answer', async () => {
    const limiter = new AttemptLimiter();
    await fail(limiter, '192.0.2.1', MAX_ATTEMPTS);

    let isAnswered = false;
    const next = limiter.failed('192.0.2.1').finally(() => (isAnswered = true));
    await jest.advanceTimersByTimeAsync(999);
    expect(isAnswered).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    const attempt = await next;
    expect(attempt).toMatchObject({ count: MAX_ATTEMPTS + 1, wasDelayed: true });
    expect(attempt.retryAfter).toBeGreaterThan(0);
    expect(attempt.retryAfter).toBeLessThanOrEqual(60);
  });

  it('counts each address for itself', async () => {
    const limiter = new AttemptLimiter();
    await fail(limiter, '192.0.2.1', MAX_ATTEMPTS);

    expect(await limiter.failed('192.0.2.2')).toMatchObject({ count: 1, retryAfter: undefined });
  });

  it('counts the tokens of one owner together, from wherever they come', async () => {
    const limiter = new AttemptLimiter();
    for (let index = 0; index < MAX_ATTEMPTS; index++) await limiter.failed(`192.0.2.${index}`, 'ci');

    const next = limiter.failed('198.51.100.1', 'ci');
    expect(await limiter.failed('198.51.100.1', 'other')).toMatchObject({ count: 2, retryAfter: undefined });
    expect(await limiter.failed('198.51.100.1')).toMatchObject({ count: 3, retryAfter: undefined });
    await jest.advanceTimersByTimeAsync(1000);
    expect(await next).toMatchObject({ count: MAX_ATTEMPTS + 1, wasDelayed: true, owner: 'ci' });
  });

  it('counts what has an owner for its address as well', async () => {
    const limiter = new AttemptLimiter();
    for (let index = 0; index < MAX_ATTEMPTS; index++) await limiter.failed('192.0.2.1', `ci-${index}`);
    const next = limiter.failed('192.0.2.1', 'another');
    await jest.advanceTimersByTimeAsync(1000);
    expect(await next).toMatchObject({ count: MAX_ATTEMPTS + 1, owner: undefined });
  });

  it('answers a network one by one, over however many connections it asks', async () => {
    const limiter = new AttemptLimiter();
    await fail(limiter, '192.0.2.1', MAX_ATTEMPTS);
    let answered = 0;
    const all = Array.from({ length: 150 }, () => limiter.failed('192.0.2.1').then(() => (answered += 1)));

    await jest.advanceTimersByTimeAsync(999);
    expect(answered).toBe(0);
    await jest.advanceTimersByTimeAsync(5000);
    expect(answered).toBe(50);
    await jest.advanceTimersByTimeAsync(10_000);
    await Promise.all(all);
  });

  it('puts off a bounded number of answers of one network, which leaves room for others, and gives the rest at once', async () => {
    const limiter = new AttemptLimiter();
    for (const address of ['192.0.2.1', '192.0.2.2']) await fail(limiter, address, MAX_ATTEMPTS);
    const answered: boolean[] = [];
    const all = Array.from({ length: 300 }, async () =>
      answered.push((await limiter.failed('192.0.2.1')).wasDelayed),
    );
    await jest.advanceTimersByTimeAsync(0);
    expect(answered).toEqual(Array.from({ length: 44 }, () => false));

    const other = limiter.failed('192.0.2.2');
    await jest.advanceTimersByTimeAsync(30_000);
    await Promise.all(all);
    expect(await other).toMatchObject({ wasDelayed: true });
    expect(answered.filter(Boolean).length).toBe(256);
  });

  it('remembers a bounded number of addresses', async () => {
    const limiter = new AttemptLimiter();
    for (let index = 0; index < 20_000; index++) await limiter.failed(`10.${index >> 8}.0.${index & 255}`);

    const { counts } = limiter as unknown as { counts: { size: number } };
    expect(counts.size).toBe(10_000);
  });
});

describe('networkOf', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::1', '0:0:0:0::/64'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('of %s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
