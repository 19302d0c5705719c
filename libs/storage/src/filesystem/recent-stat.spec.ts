import { lstat, mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { callsDuring } from '../testing/thread-pool.js';
import { RecentStat } from './recent-stat.js';

const EXT4 = 0xef53;

describe('RecentStat', () => {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'recent-stat-'));
  });

  afterEach(() => rm(root, { recursive: true, force: true }));

  it('says what lstat says, and fails as it does', async () => {
    const recent = new RecentStat(root);
    await recent.start();

    expect(await recent.of(root)).toEqual(await lstat(root, { bigint: true }));
    await expect(recent.of(join(root, 'none'))).rejects.toMatchObject({ code: 'ENOENT', syscall: 'lstat' });
  });

  it('takes the way through the thread pool until the file system is known to be a local one', async () => {
    const recent = new RecentStat(root);
    expect(await callsDuring(() => recent.of(root))).toBe(1);

    await recent.start();
    const calls = await callsDuring(() => recent.of(root));
    if ((await statfs(root)).type === EXT4) expect(calls).toBe(0);
  });
});
