import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { watchFiles } from './watch-files.js';

/** Within which a change has to be told. */
const TOLD_MS = 1000;

describe('watchFiles', () => {
  let directory: string;
  let calls: number;
  let stop: () => void;

  const path = (name: string): string => join(directory, name);
  const watch = async (...names: string[]): Promise<void> => {
    calls = 0;
    stop = watchFiles(names.map(path), async () => void (calls += 1));
    await delay(TOLD_MS);
  };

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'watch-files-'));
    await writeFile(path('a'), 'a');
    await writeFile(path('b'), 'b');
  });

  afterEach(async () => {
    stop();
    await rm(directory, { recursive: true });
  });

  it('calls once at the beginning, and not again while nothing changes', async () => {
    await watch('a');
    expect(calls).toBe(1);
    await delay(TOLD_MS);
    expect(calls).toBe(1);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['is written over with as many bytes', () => writeFile(path('a'), 'c')],
    ['is replaced by another one', () => rename(path('b'), path('a'))],
    ['goes', () => unlink(path('a'))],
  ])('calls within a second when a file %s', async (_, change) => {
    await watch('a');
    await change();
    await delay(TOLD_MS);
    expect(calls).toBe(2);
  });

  it('calls once when files change together by a symbolic link, as a kubelet does it', async () => {
    for (const version of ['1', '2']) {
      await mkdir(path(version));
      for (const name of ['crt', 'key']) await writeFile(join(path(version), name), version);
    }
    await symlink('1', path('..data'));
    for (const name of ['crt', 'key']) await symlink(`..data/${name}`, path(name));
    await watch('crt', 'key');
    await symlink('2', path('..data_tmp'));
    await rename(path('..data_tmp'), path('..data'));
    await delay(TOLD_MS);
    expect(calls).toBe(2);
  });

  it('calls once for files that are written one shortly after the other', async () => {
    await watch('a', 'b');
    await writeFile(path('a'), 'new');
    await delay(100);
    await writeFile(path('b'), 'new');
    await delay(TOLD_MS);
    expect(calls).toBe(2);
  });

  it('calls within a second for a file that is written all the time', async () => {
    await watch('a');
    for (let at = 0; at < 10; at++) {
      await writeFile(path('a'), `${at}`);
      await delay(100);
    }
    expect(calls).toBeGreaterThanOrEqual(2);
  });

  it('calls no more when it is stopped', async () => {
    await watch('a');
    stop();
    await writeFile(path('a'), 'new');
    await delay(TOLD_MS);
    expect(calls).toBe(1);
  });
});
