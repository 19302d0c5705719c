import { BufferPool } from './buffer-pool.js';

const LARGE = 1024;
const SMALL = 32;

describe('the buffer pool', () => {
  it('gives large buffers while its budget lasts', () => {
    const pool = new BufferPool(2, LARGE, SMALL);
    const taken = Array.from({ length: 4 }, () => pool.takeLarge()?.length);
    expect(taken).toEqual([LARGE, LARGE, undefined, undefined]);
    expect(pool.makeSmall()).toHaveLength(SMALL);
  });

  it('gives the same memory again once it is given back', () => {
    const pool = new BufferPool(1, LARGE, SMALL);
    const first = pool.takeLarge() as Buffer;
    pool.give(first);
    expect(pool.takeLarge()).toBe(first);
  });

  it('never gives one buffer to two, though it is given back twice', () => {
    const pool = new BufferPool(1, LARGE, SMALL);
    const first = pool.takeLarge() as Buffer;
    pool.give(first);
    pool.give(first);
    expect(pool.takeLarge()).toBe(first);
    expect(pool.takeLarge()).toBeUndefined();
  });

  it('does not keep small buffers', () => {
    const pool = new BufferPool(0, LARGE, SMALL);
    pool.give(pool.makeSmall());
    expect(pool.takeLarge()).toBeUndefined();
  });

  describe('pairs', () => {
    const sizes = (pool: BufferPool, pairs: number) =>
      Array.from({ length: pairs }, () => pool.lease().pair.map(({ length }) => length));

    it('are large while the budget lasts, and after that no larger than one small buffer', () => {
      expect(sizes(new BufferPool(5, LARGE, SMALL), 4)).toEqual([
        [LARGE, LARGE],
        [LARGE, LARGE],
        [SMALL / 2, SMALL / 2],
        [SMALL / 2, SMALL / 2],
      ]);
    });

    it('leave the large buffer that has no second one to others', () => {
      const pool = new BufferPool(1, LARGE, SMALL);
      pool.lease();
      expect(pool.takeLarge()).toHaveLength(LARGE);
    });

    it('consist of the same memory again once it is given back', () => {
      const pool = new BufferPool(2, LARGE, SMALL);
      const first = pool.lease();
      first.release();
      expect(pool.lease().pair).toEqual(first.pair);
    });

    it('never go to two, though they are given back twice', () => {
      const pool = new BufferPool(2, LARGE, SMALL);
      const first = pool.lease();
      first.release();
      expect(pool.lease().pair[0]).toHaveLength(LARGE);
      first.release();
      expect(pool.lease().pair[0]).toHaveLength(SMALL / 2);
    });
  });
});
