import { lstat, mkdtemp, readdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { jest } from '@jest/globals';

import { QuickCalls } from './quick-calls.js';
import { callsDuring } from './testing/thread-pool.js';

const EXT4 = 0xef53;
const CALLS = 7;

describe('QuickCalls', () => {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'quick-calls-'));
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await rm(root, { recursive: true });
  });

  /** Makes each call once, and looks whether it did its work. */
  async function makeAll(calls: QuickCalls): Promise<number> {
    const [path, linked] = [join(root, 'a'), join(root, 'b')];
    const made = await callsDuring(async () => {
      const file = await calls.create(path, 0o600);
      expect(await file.write(Buffer.from('content'))).toBe(7);
      await file.close();
      await calls.utimes(path, 1_700_000_000);
      await calls.link(path, linked);
      await calls.unlink(path);
      expect(await calls.lstat(linked)).toMatchObject({ size: 7n, mtimeNs: 1_700_000_000n * 1_000_000_000n });
    });
    expect([await readdir(root), await readFile(linked, 'utf8')]).toEqual([['b'], 'content']);
    await rm(linked);
    return made;
  }

  it('take the way through the thread pool until the file system is known to be a local one, and do the same without it', async () => {
    const calls = new QuickCalls();
    expect(await makeAll(calls)).toBe(CALLS);

    await calls.start(root);
    await makeAll(calls);
    expect(await calls.lstat(root)).toEqual(await lstat(root, { bigint: true }));
  });

  // Mutants: the time of a call is not taken, or that of one that fails; the pool is used for ever.
  it('take it for a second after one that had to wait', async () => {
    if ((await statfs(root)).type !== EXT4) return;
    let now = 0;
    let took = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => (now += took));
    const calls = new QuickCalls();
    await calls.start(root);
    expect(await makeAll(calls)).toBe(0);

    took = 6;
    await expect(calls.lstat(join(root, 'none'))).rejects.toMatchObject({ code: 'ENOENT', syscall: 'lstat' });
    took = 0;
    expect(await makeAll(calls)).toBe(CALLS);
    now += 1000;
    expect(await makeAll(calls)).toBe(0);
  });

  it('fail as those of node:fs do, whichever way they take', async () => {
    const [path, none] = [join(root, 'a'), join(root, 'none')];
    await writeFile(path, '');
    const [calls, local] = [new QuickCalls(), new QuickCalls()];
    await local.start(root);
    for (const each of [calls, local]) {
      await expect(each.create(path, 0o600)).rejects.toMatchObject({ code: 'EEXIST', syscall: 'open' });
      await expect(each.link(none, path)).rejects.toMatchObject({ code: 'ENOENT', syscall: 'link' });
      await expect(each.unlink(none)).rejects.toMatchObject({ code: 'ENOENT', syscall: 'unlink' });
      await expect(each.utimes(none, 0)).rejects.toMatchObject({ code: 'ENOENT' });
      await expect(each.lstat(none)).rejects.toMatchObject({ code: 'ENOENT', syscall: 'lstat' });
      const closed = await each.create(join(root, each === local ? 'c' : 'b'), 0o600);
      await closed.close();
      await closed.close();
      await expect(closed.write(Buffer.from('x'))).rejects.toMatchObject({
        code: 'EBADF',
        syscall: 'write',
      });
    }
  });

  it('write what is large in the pool', async () => {
    const calls = new QuickCalls();
    await calls.start(root);
    const file = await calls.create(join(root, 'a'), 0o600);
    expect(await callsDuring(() => file.write(Buffer.alloc(64 * 1024 + 1)))).toBe(1);
    await file.close();
  });
});
