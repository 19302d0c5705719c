import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { until } from '../testing/packages.js';
import { DirectoryWatcher } from './directory-watcher.js';

describe('DirectoryWatcher', () => {
  let path: string;
  let watcher: DirectoryWatcher;

  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'directory-watcher-'));
    watcher = await DirectoryWatcher.of(path);
  });

  afterEach(async () => {
    watcher.close();
    await rm(path, { recursive: true, force: true });
  });

  it('tells of changes by name', async () => {
    const directory = await stat(path, { bigint: true });
    watcher.watch(directory);
    await writeFile(join(path, 'a.zip'), 'a');

    await until('it is told', () => watcher.has('a.zip'));
    expect(watcher.tellsAllOf(directory)).toBe(true);
    expect(watcher.hasLost).toBe(false);
  });

  // Mutant: the inode tells whether it is watched, and a file system gives that of what is removed to what is made next.
  it.each([
    ['removed', (): Promise<void> => rm(path, { recursive: true })],
    ['moved away', (): Promise<void> => rename(path, join(tmpdir(), `moved-${process.pid}`))],
  ])('watches anew once the directory was %s', async (_, leave) => {
    const directory = await stat(path, { bigint: true });
    watcher.watch(directory);
    await leave();
    await until('it is noticed', () => !watcher.tellsAllOf(directory));
    expect(watcher.hasLost).toBe(true);

    await mkdir(path);
    // As if it had the inode of the one before.
    watcher.watch(directory);
    await writeFile(join(path, 'a.zip'), 'a');
    await until('it is told', () => watcher.has('a.zip'));
    await rm(join(tmpdir(), `moved-${process.pid}`), { recursive: true, force: true });
  });
});
