import { createHash } from 'node:crypto';
import { linkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { Package } from '../package-reader.js';
import type { PublishResult } from '../package-store.js';
import { loadObservedStore, type OnCall } from '../testing/observed-filesystem.js';
import { tagOfDead } from '../testing/owners.js';
import { keepNewest, namesIn, publish, until } from '../testing/packages.js';
import type { FilesystemPackageStore } from './filesystem.driver.js';
import type { IndexEntry } from './package-table.js';

const observer: { onCall: OnCall } = { onCall: () => undefined };
const Store = await loadObservedStore((call, file, to) => observer.onCall(call, file, to));

describe('PackageIndex', () => {
  let path: string;
  let stores: FilesystemPackageStore[];
  /** The calls that concern packages and their directory, in words. */
  let calls: string[];

  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'package-index-'));
    [stores, calls] = [[], []];
    observer.onCall = count;
  });

  afterEach(async () => {
    observer.onCall = () => undefined;
    for (const store of stores) await store.close();
    await rm(path, { recursive: true });
  });

  const count: OnCall = (call, file) => {
    if (file === path) calls.push(`${call} of the directory`);
    else if (file.startsWith(`${path}/`) && !file.includes('/.')) calls.push(call);
  };
  const timesOf = (call: string): number => calls.filter((one) => one === call).length;
  const scans = (): number => timesOf('readdir of the directory');

  /** @param isSilent - As on a file system on which others' changes have no names. */
  async function open(isSilent = false): Promise<FilesystemPackageStore> {
    const { onCall } = observer;
    observer.onCall = (call, file, to) => {
      if (call === 'statfs' && isSilent) throw new Error('unknown');
      return onCall(call, file, to);
    };
    const store = await Store.open({ path, minFreeSpace: 0, readOnly: false });
    observer.onCall = onCall;
    stores.push(store);
    return store;
  }

  async function fill(packages: number): Promise<void> {
    for (let at = 0; at < packages; at++) writeFileSync(join(path, `${at}.zip`), `${at}`);
    const longAgo = new Date(Date.now() - 60_000);
    for (let at = 0; at < packages; at++) await utimes(join(path, `${at}.zip`), longAgo, longAgo);
  }

  const isHashed = async (store: FilesystemPackageStore): Promise<boolean> =>
    (await store.list()).every(({ sha256 }) => sha256 !== undefined);

  it('shows a file to who asks later, although a look at the directory began before it came and takes long', async () => {
    let slow: Promise<unknown> | undefined;
    let isSlow = false;
    observer.onCall = async (call, file) => {
      if (call !== 'lstat' || !file.endsWith('/early.zip') || slow === undefined) return;
      isSlow = true;
      await slow;
    };
    await writeFile(join(path, 'early.zip'), 'early');
    const store = await open(true);
    await delay(300);
    const { promise, resolve } = Promise.withResolvers<void>();
    slow = promise;
    // It has read the names already.
    const first = namesIn(store);
    while (!isSlow) await delay(5);
    await writeFile(join(path, 'late.zip'), 'late');
    await delay(1100);
    const second = namesIn(store);
    slow = undefined;
    resolve();

    expect(await first).toEqual(['early.zip']);
    expect(await second).toEqual(['late.zip', 'early.zip']);
  });

  it('lists the digests of files that are hashed in the background together, and all of them in the end', async () => {
    observer.onCall = async (call, file) => {
      // Slow enough for a list between two digests.
      if (call === 'read' && file.endsWith('.zip')) await delay(2);
    };
    for (let at = 0; at < 50; at++) await writeFile(join(path, `${at}.zip`), `${at}`);
    const store = await open();
    const lists = new Set<readonly Package[]>();
    let digests = 0;
    while (digests < 50) {
      const list = await store.list();
      lists.add(list);
      digests = list.filter(({ sha256 }) => sha256 !== undefined).length;
      await delay(1);
    }
    // One a second at most, while each digest was a list of its own.
    expect(lists.size).toBeLessThan(25);
  });

  // Mutants: the directory's mtime, which own writes move, decides; every file is looked at.
  it('never reads the directory for own writes, nor more files than they concern', async () => {
    await fill(100);
    const store = await open();
    await until('all are hashed', () => isHashed(store), 20_000);
    calls.length = 0;

    for (let at = 0; at < 40; at++) {
      await publish(store, `new-${at % 30}.zip`, `${at}`, { evict: keepNewest(100) });
      await store.list();
      if (at % 4 === 0) await store.remove(`new-${at % 30}.zip`);
      await delay(25);
    }
    await delay(300);

    expect((await store.list()).length).toBeLessThanOrEqual(100);
    expect(scans()).toBe(0);
    expect(timesOf('lstat')).toBeLessThan(250);
  });

  // Mutant: one new file costs a look at all.
  it('takes what others do from its name', async () => {
    await fill(100);
    const store = await open();
    await until('all are hashed', () => isHashed(store), 20_000);
    calls.length = 0;

    await writeFile(join(path, 'new.zip'), 'new');
    await rm(join(path, '7.zip'));
    await rename(join(path, '8.zip'), join(path, 'moved.zip'));
    await writeFile(join(path, '9.zip'), 'rewritten');

    const changed = ['new.zip', 'moved.zip', '9.zip'];
    await until('all of it is seen', async () => {
      const found = await Promise.all(changed.map((name) => store.find(name)));
      return (
        found.every((one) => one?.sha256 !== undefined) &&
        found[2]?.size === 'rewritten'.length &&
        (await store.find('7.zip')) === undefined &&
        (await store.find('8.zip')) === undefined
      );
    });
    expect(await store.list()).toHaveLength(100);
    expect(scans()).toBe(0);
    expect(timesOf('lstat')).toBeLessThan(50);
  });

  it.each([
    ['where the operating system tells of it', false],
    ['where it does not', true],
  ])('sees what another process publishes, overwrites and removes: %s', async (_, isSilent) => {
    const [one, other] = [await open(isSilent), await open(isSilent)];
    for (const content of ['first', 'second']) {
      const { package: published } = await publish(one, 'a.zip', content);
      expect(
        await until('it is seen', async () => {
          const found = await other.find('a.zip');
          return found?.revision === published.revision && found;
        }),
      ).toEqual(published);
    }
    await one.remove('a.zip');
    await until('it is gone', async () => (await other.find('a.zip')) === undefined);
  });

  // Mutant: what the kernel dropped while the process was busy is never seen. Node does not tell that it did.
  it('reads the directory when more has changed at once than the kernel keeps the names of', async () => {
    await fill(10);
    const store = await open();
    await store.list();
    calls.length = 0;
    const [from, to] = [join(path, '1.zip'), join(path, '.link')];
    for (let at = 0; at < 10_000; at++) {
      linkSync(from, to);
      unlinkSync(to);
    }
    writeFileSync(join(path, 'late.zip'), 'late');

    await until('the last one is seen', () => store.find('late.zip'));
    expect(scans()).toBeGreaterThan(0);
    await delay(600);
    calls.length = 0;
    await store.list();
    expect(scans()).toBe(0);
  });

  // Mutant: names that the kernel dropped count for nothing while the directory's mtime stays.
  it('sees a file that is written in place while more changes than the kernel keeps the names of', async () => {
    await fill(10);
    await (await open()).close();
    const then = new Date(Date.now() - 60_000);
    await utimes(path, then, then);
    const store = await open();
    await until('all are hashed', () => isHashed(store));
    await delay(300);
    await store.list();
    for (let at = 0; at < 20_000; at++) {
      const now = new Date();
      utimesSync(join(path, `${at % 2}.zip`), now, now);
    }
    writeFileSync(join(path, '9.zip'), 'rewritten');

    const rewritten = createHash('sha256').update('rewritten').digest('hex');
    await until('it is seen', async () => (await store.find('9.zip'))?.sha256 === rewritten);
  });

  // Mutant: what is seen while an own write is entered is given up.
  it('sees a file that another one replaced while an own write was entered', async () => {
    await fill(1);
    const store = await open();
    await until('all are hashed', () => isHashed(store));
    const own = store['index'].get('0.zip');
    const meta = join(path, '.release-server', 'meta');
    let entered = false;
    observer.onCall = (call, file) => {
      if (entered || call !== 'readdir' || file !== meta) return;
      entered = true;
      store['index'].put({ ...(own as IndexEntry) });
    };
    await writeFile(join(path, '.new'), 'other');
    await rename(join(path, '.new'), join(path, '0.zip'));

    await until('it is seen', async () => (await store.find('0.zip'))?.size === 'other'.length);
    expect(entered).toBe(true);
  });

  // Mutant: what is not among the names that were read is gone, whatever is known of it since.
  it('has a name without an entry wait while its file is looked at', async () => {
    // Caught: a reader who asks meanwhile is told that there is no such package.
    const store = await open();
    await writeFile(join(path, 'new.zip'), 'new');
    const looking = store['index'].recheck('new.zip');
    expect(store['index'].isUnsettled('new.zip')).toBe(true);
    await looking;
    expect(store['index'].isUnsettled('new.zip')).toBe(true);
    await until('it is listed', async () => (await store.list()).length === 1);
    expect(store['index'].isUnsettled('new.zip')).toBe(false);
  });

  it('keeps what comes and is looked at while the directory is read', async () => {
    await fill(1);
    const store = await open(true);
    await until('all are hashed', () => isHashed(store));
    const other = await open(true);
    let published: PublishResult | undefined;
    observer.onCall = async (call, file) => {
      if (call !== 'lstat' || file !== join(path, '0.zip') || published !== undefined) return;
      published = {} as PublishResult;
      published = await publish(other, 'late.zip', 'late');
      await store['index'].recheck('late.zip');
    };
    await writeFile(join(path, '.moves-the-mtime'), '');
    await delay(300);

    await store.list();
    expect(store['index'].get('late.zip')?.package).toEqual(published?.package);
  });

  // Mutant: what others tell of is kept until the end of the process.
  it('forgets the digests of packages that others have published and removed', async () => {
    const store = await open();
    const record = (name: string): string =>
      `${JSON.stringify({ name, fingerprint: '1-2-3-4', sha256: 'ab'.repeat(32) })}\n`;
    const log = Array.from({ length: 5000 }, (_, at) => record(`${at}.zip`)).join('');
    await writeFile(join(path, '.release-server', 'meta', `${tagOfDead()}.digests`), log);
    await writeFile(join(path, 'new.zip'), 'new');

    await until('it is seen', () => store.find('new.zip'));
    await until('they are forgotten', async () => {
      await store.list();
      return store['metadata']['records'].size < 2000;
    });
    expect((await store.find('new.zip'))?.size).toBe(3);
  });

  it('reads the directory once when it says that something moved, and nothing was told', async () => {
    await fill(10);
    const store = await open();
    await delay(300);
    await store.list();
    calls.length = 0;
    const then = new Date(Date.now() - 30_000);
    await utimes(path, then, then);

    for (let round = 0; round < 4; round++) {
      await delay(300);
      await store.list();
    }
    expect(scans()).toBe(1);
  });

  it('goes on with the directory that has its path, when another takes that', async () => {
    await fill(2);
    const store = await open();
    const moved = `${path}-moved`;
    await rename(path, moved);
    await mkdir(path);
    await rename(join(moved, '.release-server'), join(path, '.release-server'));
    await writeFile(join(path, 'other.zip'), 'other');
    await until('it is seen', async () => (await namesIn(store)).join() === 'other.zip');
    calls.length = 0;

    await writeFile(join(path, 'another.zip'), 'another');
    await until('that is seen too', () => store.find('another.zip'));
    expect(scans()).toBe(0);
    await rm(moved, { recursive: true });
  });

  it('does not wait for a package that was just removed', async () => {
    const store = await open();
    await publish(store, 'a.zip', 'a');
    await store.remove('a.zip');
    await delay(30);
    calls.length = 0;

    await expect(store.open('a.zip')).rejects.toMatchObject({ code: 'package_not_found' });
    expect(timesOf('lstat')).toBeLessThan(3);
  });

  // Mutant: a file is read for each package, or each is looked at twice.
  it('starts with one look at each package whose digest is known, and reads a file for all of them', async () => {
    await fill(100);
    const first = await open();
    await until('all are hashed', () => isHashed(first), 20_000);
    await first.close();
    stores.length = 0;
    let opened = 0;
    observer.onCall = (call, file, to) => {
      if (call === 'open' && file.startsWith(`${path}/`)) opened += 1;
      return count(call, file, to);
    };
    calls.length = 0;

    const second = await open();

    expect(await isHashed(second)).toBe(true);
    expect([scans(), timesOf('lstat')]).toEqual([1, 100]);
    expect(opened).toBeLessThan(20);
  });
});
