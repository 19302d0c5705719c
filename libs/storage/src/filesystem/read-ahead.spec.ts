import { jest } from '@jest/globals';

import { BufferPool } from '../staging/buffer-pool.js';
import { ReadAhead } from './read-ahead.js';

const LARGE = 100;
const SMALL = 10;
const CONTENT = Buffer.from(Array.from({ length: 1234 }, (_, at) => at % 251));
/** More than a reader may take for a chunk, in milliseconds. */
const LONG = 1000;

/** A disk whose reads can be held up. */
class Disk {
  reads = 0;
  isHeld = false;
  most = Infinity;
  failsAt = Infinity;
  private readonly held: (() => void)[] = [];

  readonly fill = async (buffer: Buffer, position: number): Promise<number> => {
    this.reads += 1;
    await (this.isHeld ? new Promise<void>((resolve) => this.held.push(resolve)) : undefined);
    if (position >= this.failsAt) throw new Error('the disk is bad');
    return CONTENT.copy(buffer.subarray(0, this.most), 0, position);
  };

  letGo(): void {
    this.isHeld = false;
    for (const go of this.held.splice(0)) go();
  }
}

describe('reading ahead', () => {
  let disk: Disk;
  let pool: BufferPool;

  beforeEach(() => {
    jest.useFakeTimers();
    disk = new Disk();
    pool = new BufferPool(8, LARGE, SMALL);
  });

  afterEach(() => jest.useRealTimers());

  const begin = (start = 0, end = CONTENT.length - 1) => new ReadAhead(disk.fill, pool, start, end);

  /** Lets what is in flight arrive. */
  const settle = () => jest.advanceTimersByTimeAsync(0);

  /** Large buffers that others could have. */
  function countFree(): number {
    const taken: Buffer[] = [];
    for (let next = pool.takeLarge(); next !== undefined; next = pool.takeLarge()) taken.push(next);
    for (const buffer of taken) pool.give(buffer);
    return taken.length;
  }

  /** What comes, with a pause before each chunk is done with. */
  async function readAll(ahead: ReadAhead, pause = 0): Promise<{ bytes: Buffer; lengths: number[] }> {
    const chunks: Buffer[] = [];
    for (let chunk = await ahead.next(); chunk !== undefined; chunk = await ahead.next()) {
      await jest.advanceTimersByTimeAsync(pause);
      chunks.push(Buffer.from(chunk));
    }
    return { bytes: Buffer.concat(chunks), lengths: chunks.map(({ length }) => length) };
  }

  it.each([
    ['all', 0, CONTENT.length - 1],
    ['one byte', 7, 7],
    ['a chunk exactly', 100, 199],
    ['nothing', 5, 4],
  ])('gives %s', async (_, start, end) => {
    const { bytes } = await readAll(begin(start, end));
    expect(bytes).toEqual(CONTENT.subarray(start, end + 1));
  });

  it('gives all of what comes in shorter pieces than were asked for', async () => {
    disk.most = 33;
    expect((await readAll(begin())).bytes).toEqual(CONTENT);
  });

  it('reads in as few pieces as there are buffers to fill', async () => {
    await readAll(begin());
    expect(disk.reads).toBe(Math.ceil(CONTENT.length / LARGE));
  });

  it('reads one chunk ahead, and no more', async () => {
    const ahead = begin();
    await ahead.next();
    await settle();
    expect([disk.reads, countFree()]).toEqual([2, 6]);
    ahead.close();
  });

  it('takes no buffer for what there is nothing to read into', async () => {
    const ahead = begin(0, LARGE - 1);
    await ahead.next();
    await settle();
    expect(countFree()).toBe(7);
    ahead.close();
  });

  it('never reads into the chunk that its reader has', async () => {
    const ahead = begin();
    const chunk = await ahead.next();
    await settle();
    expect(chunk).toEqual(CONTENT.subarray(0, LARGE));
    ahead.close();
  });

  it('goes on with a small buffer where all large ones are in use', async () => {
    pool = new BufferPool(0, LARGE, SMALL);
    const { bytes, lengths } = await readAll(begin());
    expect(bytes).toEqual(CONTENT);
    expect(Math.max(...lengths)).toBe(SMALL);
  });

  it('gives all back but the chunk of a reader that is slow', async () => {
    const ahead = begin();
    const chunk = await ahead.next();
    await jest.advanceTimersByTimeAsync(LONG);
    expect(countFree()).toBe(7);
    expect(chunk).toEqual(CONTENT.subarray(0, LARGE));
    ahead.close();
  });

  it('gives back what arrives when its reader has become slow', async () => {
    const ahead = begin();
    await ahead.next();
    disk.isHeld = true;
    await ahead.next();
    await jest.advanceTimersByTimeAsync(LONG);
    expect([disk.reads, countFree()]).toEqual([3, 6]);
    disk.letGo();
    await settle();
    expect(countFree()).toBe(7);
    expect((await readAll(ahead)).bytes).toEqual(CONTENT.subarray(2 * LARGE));
  });

  it('reads on for a slow reader in small pieces, and none ahead', async () => {
    const ahead = begin();
    const { bytes, lengths } = await readAll(ahead, LONG);
    expect(bytes).toEqual(CONTENT);
    expect(lengths.slice(0, 3)).toEqual([LARGE, SMALL, SMALL]);
    expect(new Set(lengths.slice(1, -1))).toEqual(new Set([SMALL]));
    expect(countFree()).toBe(8);
  });

  it('has no large buffer for a slow reader', async () => {
    const ahead = begin();
    await ahead.next();
    await jest.advanceTimersByTimeAsync(LONG);
    await ahead.next();
    await settle();
    expect(countFree()).toBe(8);
    ahead.close();
  });

  it('is large again for a reader that is fast again', async () => {
    const ahead = begin();
    await ahead.next();
    await jest.advanceTimersByTimeAsync(LONG);
    const { lengths } = await readAll(ahead);
    expect(lengths.slice(0, 2)).toEqual([SMALL, LARGE]);
  });

  it('fails at the chunk that cannot be read, and not before', async () => {
    disk.failsAt = 2 * LARGE;
    const ahead = begin();
    expect(await ahead.next()).toHaveLength(LARGE);
    await settle();
    expect(await ahead.next()).toHaveLength(LARGE);
    await expect(ahead.next()).rejects.toThrow('the disk is bad');
    ahead.close();
    expect(countFree()).toBe(8);
  });

  it('gives all back at once when it is closed, but for what is being read', async () => {
    const ahead = begin();
    await ahead.next();
    disk.isHeld = true;
    await ahead.next();
    ahead.close();
    expect(countFree()).toBe(7);
    disk.letGo();
    await settle();
    expect([disk.reads, countFree()]).toEqual([3, 8]);
    expect(jest.getTimerCount()).toBe(0);
  });
});
