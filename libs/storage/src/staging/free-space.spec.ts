import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';

import { FreeSpace } from './free-space.js';

describe('free space', () => {
  const freeBytes = async (): Promise<number> => {
    const { bavail, bsize } = await statfs(tmpdir());
    return bavail * bsize;
  };

  it('lets one of two have what is not enough for both, though they ask at once', async () => {
    // Caught: looking at the disk first and setting aside after that.
    const space = new FreeSpace(tmpdir(), 0);
    const most = Math.floor((await freeBytes()) * 0.7);
    const outcomes = await Promise.allSettled([space.reserve(most), space.reserve(most)]);
    expect(outcomes.filter(({ status }) => status === 'rejected').length).toBeGreaterThanOrEqual(1);
    const later = await Promise.allSettled([space.reserve(1000)]);
    expect(later).toMatchObject([{ status: 'fulfilled' }]);
  });

  it('takes what is written or released off what is set aside', async () => {
    const space = new FreeSpace(tmpdir(), 0);
    const most = Math.floor((await freeBytes()) * 0.7);
    const first = await space.reserve(most);
    await expect(space.reserve(most)).rejects.toMatchObject({ code: 'insufficient_storage' });
    first.written(most);
    first.release();
    first.release();
    (await space.reserve(most)).release();
    await expect(space.require(most)).resolves.toBeUndefined();
  });

  it('keeps the minimum free', async () => {
    const space = new FreeSpace(tmpdir(), Number.MAX_SAFE_INTEGER);
    await expect(space.require(0)).rejects.toMatchObject({ code: 'insufficient_storage' });
  });
});
