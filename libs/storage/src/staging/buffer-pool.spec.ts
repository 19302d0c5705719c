import { BufferPool } from './buffer-pool.js';

const LARGE = 1024;
const SMALL = 16;

describe('the buffer pool', () => {
  it('gives large pairs while its budget lasts, and small ones after that', () => {
    const pool = new BufferPool(2, LARGE, SMALL);
    const sizes = Array.from({ length: 4 }, () => pool.lease().pair.map(({ length }) => length));
    expect(sizes).toEqual([
      [LARGE, LARGE],
      [LARGE, LARGE],
      [SMALL, SMALL],
      [SMALL, SMALL],
    ]);
  });

  it('gives the same memory again once it is given back', () => {
    const pool = new BufferPool(1, LARGE, SMALL);
    const first = pool.lease();
    first.release();
    expect(pool.lease().pair).toBe(first.pair);
  });

  it('never gives one pair to two, though it is given back twice', () => {
    const pool = new BufferPool(1, LARGE, SMALL);
    const first = pool.lease();
    first.release();
    first.release();
    expect(pool.lease().pair).toBe(first.pair);
    expect(pool.lease().pair[0]).toHaveLength(SMALL);
  });

  it('does not keep small pairs', () => {
    const pool = new BufferPool(0, LARGE, SMALL);
    const first = pool.lease();
    first.release();
    expect(pool.lease().pair).not.toBe(first.pair);
  });
});
