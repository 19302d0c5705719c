import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { DirectorySync } from './directory-sync.js';

/** The directory's descriptor, whose fsyncs end when the test says so. */
class Disk {
  started = 0;
  private readonly pending: PromiseWithResolvers<void>[] = [];

  sync(): Promise<void> {
    this.started++;
    const fsync = Promise.withResolvers<void>();
    this.pending.push(fsync);
    return fsync.promise;
  }

  async complete(error?: Error): Promise<void> {
    const fsync = this.pending.shift();
    if (error === undefined) fsync?.resolve();
    else fsync?.reject(error);
    await new Promise(setImmediate);
  }
}

describe('DirectorySync', () => {
  let path: string;
  let directory: DirectorySync;
  let disk: Disk;

  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'directory-sync-'));
    directory = await DirectorySync.open(path);
    disk = new Disk();
    const handle = Reflect.get(directory, 'directory') as { sync(): Promise<void> };
    handle.sync = () => disk.sync();
  });

  afterEach(async () => {
    await directory.close();
    await rm(path, { recursive: true, force: true });
  });

  it('syncs the directory on a real disk', async () => {
    const real = await DirectorySync.open(path);

    await expect(real.sync()).resolves.toBeUndefined();
    expect(() => real.assertSound()).not.toThrow();
    await real.close();
  });

  // Mutant: a caller shares the fsync that is in flight, which may have begun before what it asks for.
  it('lets callers that come during an fsync wait for one that begins after they came', async () => {
    const answered: string[] = [];
    const call = (name: string): Promise<unknown> => directory.sync().then(() => answered.push(name));
    const calls = [call('first')];
    await new Promise(setImmediate);
    calls.push(call('second'), call('third'));

    await disk.complete();
    expect(answered).toEqual(['first']);
    expect(disk.started).toBe(2);
    await disk.complete();
    await Promise.all(calls);

    expect(answered).toEqual(['first', 'second', 'third']);
    expect(disk.started).toBe(2);
  });

  it('syncs anew for those who come later', async () => {
    for (let time = 1; time <= 3; time++) {
      const synced = directory.sync();
      await disk.complete();
      await synced;
      expect(disk.started).toBe(time);
    }
  });

  // Mutant: a failed fsync is tried again; the kernel reports an error once and then forgets what it lost.
  it('fails for ever after an fsync that failed, and asks the disk no more', async () => {
    const failure = new Error('EIO');
    const first = directory.sync();
    await new Promise(setImmediate);
    const waiting = directory.sync();
    const outcomes = Promise.allSettled([first, waiting]);

    await disk.complete(failure);

    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(directory.sync()).rejects.toBe(failure);
    expect(() => directory.assertSound()).toThrow(failure);
    expect(disk.started).toBe(1);
  });
});
