import { execFileSync } from 'node:child_process';
import { utimesSync } from 'node:fs';
import {
  appendFile,
  chmod,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';

import { Logger } from '@nestjs/common';

import type { Evict } from '../eviction.js';
import type { Package } from '../package-reader.js';
import type { PackageStore } from '../package-store.js';
import { FilesystemHarness } from '../testing/filesystem.harness.js';
import { FailingDisk, loadObservedStore, type OnCall } from '../testing/observed-filesystem.js';
import { tagOfDead, withLivingNeighbour } from '../testing/owners.js';
import { describePackageStore } from '../testing/package-store.contract.js';
import {
  bytesIn,
  bytesOf,
  contentOf,
  EVICT_ALL,
  KEEP_ALL,
  keepNewest,
  namesIn,
  pause,
  publish,
  publishAll,
  read,
  refusalCodeOf,
  refusalOf,
  sha256Of,
  stage,
  until,
} from '../testing/packages.js';
import { callsDuring } from '../testing/thread-pool.js';

const DAY = 24 * 60 * 60 * 1000;
const harness = new FilesystemHarness();
const observer: { onCall: OnCall } = { onCall: () => undefined };
const ObservedStore = await loadObservedStore((call, path, to) => observer.onCall(call, path, to));

describePackageStore('FilesystemPackageStore', harness);

describe('FilesystemPackageStore', () => {
  afterEach(async () => {
    observer.onCall = () => undefined;
    await harness.destroy();
  });

  describe('what people do to the directory by hand', () => {
    it('shows a file that is copied in, first without and then with its digest', async () => {
      const { store, path } = await openEmpty();
      const content = bytesOf(500_000);
      await writeFile(join(path, 'by-hand.zip'), content);

      const found = await until('the file is listed', () => store.find('by-hand.zip'));
      expect(found.size).toBe(content.length);
      const hashed = await withDigest(store, 'by-hand.zip');

      expect(hashed).toMatchObject({ size: content.length, sha256: sha256Of(content) });
      expect(hashed.revision).toBe(`sha256:${sha256Of(content)}`);
      expect((await read(store, 'by-hand.zip')).equals(content)).toBe(true);
    });

    // Mutant: a condition is decided on what was listed a moment ago.
    it('takes a name at once whose file was removed', async () => {
      const { store, path } = await openEmpty();
      await publish(store, 'a.zip', 'old');
      await rm(join(path, 'a.zip'));

      await store.requireCondition('a.zip', 'absent');
      await publish(store, 'a.zip', 'new', { condition: 'absent' });

      expect((await read(store, 'a.zip')).toString()).toBe('new');
    });

    it('shows a file that is moved in under the time it brings along', async () => {
      const { store, path } = await openEmpty();
      await publish(store, 'new.zip', 'new');
      const draft = join(await harness.directory(), 'draft');
      await writeFile(draft, 'old');
      const then = new Date('2024-02-29T12:00:00Z');
      await utimes(draft, then, then);
      await rename(draft, join(path, 'old.zip'));

      const moved = await until('the file is listed', () => store.find('old.zip'));

      expect(moved.createdAt).toBe(then.getTime());
      expect(await namesIn(store)).toEqual(['new.zip', 'old.zip']);
    });

    // Caught: one file fails every list.
    it.each([
      ['of the year 3,170,843', '@99999999999999'],
      ['before 1970', '@-1'],
      ['of 1601', '1601-01-01'],
      ['after 9999', '@253402300800'],
    ])('lists a file whose time is %s as of when it came', async (_, time) => {
      const path = await harness.directory();
      await writeFile(join(path, 'odd.zip'), 'odd');
      execFileSync('touch', ['-d', time, join(path, 'odd.zip')]);
      const { mtimeNs } = await lstat(join(path, 'odd.zip'), { bigint: true });
      const warned = import.meta.jest.spyOn(Logger.prototype, 'warn');

      const store = await harness.openAt(path);
      const odd = await withDigest(store, 'odd.zip');
      await publish(store, 'a.zip', 'a');
      await pause(300);
      await store.list();

      // Not every file system can keep such a time.
      if (mtimeNs < 0n || mtimeNs > 253_402_300_799_999_000_000n) {
        expect(Math.abs(odd.createdAt - Date.now())).toBeLessThan(60_000);
        const lines = warned.mock.calls.filter(([line]) => String(line).includes('odd.zip says'));
        expect(lines).toHaveLength(1);
      }
      warned.mockRestore();
      expect(await namesIn(store)).toEqual(['a.zip', 'odd.zip']);
      expect(() => new Date(odd.createdAt).toISOString()).not.toThrow();
    });

    it('publishes beside a file of the last moment that there is', async () => {
      const path = await harness.directory();
      await writeFile(join(path, 'last.zip'), 'last');
      execFileSync('touch', ['-d', '9999-12-31T23:59:59.999Z', join(path, 'last.zip')]);
      const store = await harness.openAt(path);

      const { package: published } = await publish(store, 'a.zip', 'a', { evict: keepNewest(1) });

      expect(new Date(published.createdAt).toISOString()).toMatch(/^\d{4}-/);
      expect(await namesIn(store)).toEqual(['a.zip']);
    });

    it('serves an empty file, though it would take none', async () => {
      const { store, path } = await openEmpty();
      await writeFile(join(path, 'empty.txt'), '');

      expect(await until('the file is listed', () => store.find('empty.txt'))).toMatchObject({ size: 0 });
      expect(await read(store, 'empty.txt')).toHaveLength(0);
      expect((await withDigest(store, 'empty.txt')).sha256).toBe(sha256Of(Buffer.alloc(0)));
    });

    it('takes over size and digest of a package that is rewritten in place', async () => {
      const { store, path } = await openEmpty();
      await publish(store, 'a.zip', 'published');
      await read(store, 'a.zip');
      await writeFile(join(path, 'a.zip'), 'rewritten by hand');

      const rewritten = await withDigest(store, 'a.zip', sha256Of(Buffer.from('rewritten by hand')));

      expect(rewritten.size).toBe('rewritten by hand'.length);
      expect((await read(store, 'a.zip')).toString()).toBe('rewritten by hand');
    });

    // Mutant: a file is the same as long as size, mtime and inode are.
    it.each([1000, 300_000])(
      'never serves other bytes of the same size and mtime under the digest of %d bytes that were there',
      async (size) => {
        const { store, path } = await openEmpty();
        const [old, fresh] = [bytesOf(size, 1), bytesOf(size, 2)];
        await publish(store, 'a.zip', old);
        await read(store, 'a.zip');
        const draft = join(await harness.directory(), 'draft');
        await writeFile(draft, fresh);
        execFileSync('touch', ['-r', join(path, 'a.zip'), draft]);

        execFileSync('cp', ['-p', draft, join(path, 'a.zip')]);
        let servedFresh = 0;
        await until('the new bytes are served under their digest', async () => {
          const opened = await store.open('a.zip').catch(() => undefined);
          if (opened === undefined) return false;
          const content = await contentOf(opened);
          const { sha256, revision } = opened.package;
          if (content.equals(fresh)) servedFresh += 1;
          if (sha256 !== undefined) expect(sha256).toBe(sha256Of(content));
          expect(revision === `sha256:${sha256Of(old)}`).toBe(content.equals(old));
          return sha256 === sha256Of(fresh);
        });
        expect(servedFresh).toBeGreaterThan(0);

        expect((await (await harness.reopen(store)).find('a.zip'))?.sha256).toBe(sha256Of(fresh));
      },
    );

    it('hashes again what was rewritten with its mtime while no server ran', async () => {
      const { store, path } = await openEmpty();
      await publish(store, 'a.zip', 'old bytes');
      await store.close();
      const draft = join(await harness.directory(), 'draft');
      await writeFile(draft, 'new bytes');
      execFileSync('touch', ['-r', join(path, 'a.zip'), draft]);
      execFileSync('cp', ['-p', draft, join(path, 'a.zip')]);

      const reopened = await harness.openAt(path);

      expect((await reopened.find('a.zip'))?.sha256).not.toBe(sha256Of(Buffer.from('old bytes')));
      expect((await withDigest(reopened, 'a.zip')).sha256).toBe(sha256Of(Buffer.from('new bytes')));
    });

    it.each([
      ['a chmod', (file: string) => execFileSync('chmod', ['600', file])],
      ['a backup by hard links', (file: string) => execFileSync('cp', ['-l', file, `${file}~`])],
    ])('has the same digest again after %s', async (_, change) => {
      const { store, path } = await openEmpty();
      const [before] = await publishAll(store, 'a.zip');

      change(join(path, 'a.zip'));

      await until('it was noticed', async () => {
        await read(store, 'a.zip');
        return (await store.find('a.zip'))?.revision !== before?.revision;
      }).catch(() => undefined);
      expect(await withDigest(store, 'a.zip')).toEqual(before);
      expect((await read(store, 'a.zip')).toString()).toBe('content of a.zip');
    });

    it('evicts many files that all changed without being written', async () => {
      const { store, path } = await openEmpty();
      const names = Array.from({ length: 12 }, (_, at) => `${at}.zip`);
      await publishAll(store, ...names);

      const { evicted } = await publish(store, 'new.zip', 'x', {
        evict: (packages, context) => {
          const chosen = keepNewest(1)(packages, context);
          if (chosen.every(({ package: { sha256 } }) => sha256 !== undefined)) {
            execFileSync('chmod', ['600', ...names.map((name) => join(path, name))]);
          }
          return chosen;
        },
      });

      expect(evicted).toHaveLength(12);
      expect(await namesIn(store)).toEqual(['new.zip']);
    });

    // Mutant: the condition is decided on what the index remembers.
    it('does not take a condition for met by bytes that are no longer there', async () => {
      const { store, path } = await openEmpty();
      const { package: published } = await publish(store, 'a.zip', 'old bytes');
      const draft = join(await harness.directory(), 'draft');
      await writeFile(draft, 'new bytes');
      execFileSync('touch', ['-r', join(path, 'a.zip'), draft]);
      await store.list();
      execFileSync('cp', ['-p', draft, join(path, 'a.zip')]);

      const expected = { revisions: [published.revision] };
      expect(await refusalCodeOf(publish(store, 'a.zip', 'x', { condition: expected }))).toBe(
        'precondition_failed',
      );
      await until('it is settled', () => store.find('a.zip'));
      expect(await refusalCodeOf(store.remove('a.zip', { condition: expected }))).toBe('precondition_failed');
      expect((await read(store, 'a.zip')).toString()).toBe('new bytes');
    });

    it('fails a download whose file is rewritten under it, before its last bytes', async () => {
      const { store, path } = await openEmpty();
      await publish(store, 'a.zip', bytesOf(5_000_000, 1));
      const opened = await store.open('a.zip');
      const chunks = opened.read()[Symbol.asyncIterator]();
      await chunks.next();
      await writeFile(join(path, 'a.zip'), bytesOf(5_000_000, 2));

      const rest = async (): Promise<void> => {
        while ((await chunks.next()).done !== true);
      };
      expect(await refusalCodeOf(rest())).toBe('storage_failed');
      await opened.close();
    });

    // From there more is left than two buffers, which are read and checked ahead.
    it.each([0, 3_000_000])(
      'fails a download from byte %d whose file is rewritten under it with its mtime, before its last bytes',
      async (start) => {
        const { store, path } = await openEmpty();
        await publish(store, 'a.zip', bytesOf(5_000_000, 1));
        const file = join(path, 'a.zip');
        const reference = join(path, '.reference');
        await writeFile(reference, '');
        execFileSync('touch', ['-r', file, reference]);
        const opened = await store.open('a.zip');
        const chunks = opened.read(start)[Symbol.asyncIterator]();
        await chunks.next();
        await writeFile(file, bytesOf(5_000_000, 2));
        execFileSync('touch', ['-r', reference, file]);

        const rest = async (): Promise<void> => {
          while ((await chunks.next()).done !== true);
        };
        expect(await refusalCodeOf(rest())).toBe('storage_failed');
        await opened.close();
      },
    );

    it('goes on with a download whose file is only touched by chmod', async () => {
      const { store, path } = await openEmpty();
      await publish(store, 'a.zip', bytesOf(5_000_000, 1));
      const opened = await store.open('a.zip');
      const chunks = opened.read()[Symbol.asyncIterator]();
      const received = [Buffer.from((await chunks.next()).value as Uint8Array)];
      await chmod(join(path, 'a.zip'), 0o600);

      for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
        received.push(Buffer.from(next.value));
      }
      await opened.close();
      expect(Buffer.concat(received).equals(bytesOf(5_000_000, 1))).toBe(true);
    });

    it.each([1000, 300_000])(
      'serves a package of %d bytes anew after it is replaced by rename',
      async (size) => {
        const { store, path } = await openEmpty();
        await publish(store, 'a.zip', bytesOf(size, 1));
        await read(store, 'a.zip');
        const draft = join(path, '.draft');
        await writeFile(draft, bytesOf(size, 2));
        await rename(draft, join(path, 'a.zip'));

        await until('the new bytes are served', async () => {
          const opened = await store.open('a.zip').catch(() => undefined);
          if (opened === undefined) return false;
          const content = await contentOf(opened);
          const { sha256 } = opened.package;
          if (sha256 !== undefined) expect(sha256Of(content)).toBe(sha256);
          return content.equals(bytesOf(size, 2));
        });
      },
    );

    it('drops a package that is removed', async () => {
      const { store, path } = await openEmpty();
      await publishAll(store, 'a.zip', 'b.zip');
      await rm(join(path, 'a.zip'));

      await until('it is gone', async () => (await store.find('a.zip')) === undefined);

      expect(await namesIn(store)).toEqual(['b.zip']);
      expect(await refusalCodeOf(store.open('a.zip'))).toBe('package_not_found');
      expect(await refusalCodeOf(store.remove('a.zip'))).toBe('package_not_found');
    });

    it('notices at once, when it is asked for it, that a package is gone', async () => {
      const { store, path } = await openEmpty();
      await publish(store, 'a.zip', bytesOf(300_000));
      await rm(join(path, 'a.zip'));

      expect(await refusalCodeOf(store.open('a.zip'))).toBe('package_not_found');
    });

    // Mutant: a file is listed as soon as it is there.
    it('does not list a file that is still being written', async () => {
      const { store, path } = await openEmpty();
      const file = join(path, 'slow.zip');
      const part = bytesOf(1000);
      for (let written = 0; written < 20; written++) {
        const writtenAt = performance.now();
        await appendFile(file, part);
        const listed = await namesIn(store);
        // A machine that stalls for so long between the two may find the file quiet, and rightly so.
        if (performance.now() - writtenAt < 400) expect(listed).toEqual([]);
        await pause(50);
      }

      const whole = Buffer.concat(Array<Buffer>(20).fill(part));
      expect(await withDigest(store, 'slow.zip', sha256Of(whole))).toMatchObject({ size: whole.length });
    });

    it('lists nothing but regular files with a package name, and waits for none of them', async () => {
      const { store, path } = await openEmpty();
      const outside = join(await harness.directory(), 'secret');
      await writeFile(outside, 'not for the public');
      await symlink(outside, join(path, 'link.zip'));
      await symlink('/nonexistent', join(path, 'dangling.zip'));
      execFileSync('mkfifo', [join(path, 'fifo.zip')]);
      await mkdir(join(path, 'directory.zip'));
      for (const name of ['.hidden', 'with space', 'dot.', '<img src=x>', 'ä.zip', `a${'b'.repeat(200)}`]) {
        await writeFile(join(path, name), 'x');
      }
      await writeFile(Buffer.concat([Buffer.from(`${path}/caf`), Buffer.from([0xe9, 0xff])]), 'x');
      await writeFile(join(path, 'ordinary.zip'), 'x');

      await until('the ordinary file is listed', () => store.find('ordinary.zip'));

      expect(await namesIn(store)).toEqual(['ordinary.zip']);
      for (const name of ['link.zip', 'dangling.zip', 'fifo.zip', 'directory.zip', '.hidden', 'dot.']) {
        expect(await store.find(name)).toBeUndefined();
        expect(await refusalCodeOf(store.open(name))).toBe('package_not_found');
      }
      expect(await namesIn(await harness.reopen(store))).toEqual(['ordinary.zip']);
    });

    it('never serves what a package was replaced with when that is no regular file', async () => {
      const { store, path } = await openEmpty();
      for (const name of ['link.zip', 'fifo.zip']) await publish(store, name, bytesOf(300_000));
      const outside = join(await harness.directory(), 'secret');
      await writeFile(outside, 'not for the public');
      await rm(join(path, 'link.zip'));
      await symlink(outside, join(path, 'link.zip'));
      await rm(join(path, 'fifo.zip'));
      execFileSync('mkfifo', [join(path, 'fifo.zip')]);

      for (const name of ['link.zip', 'fifo.zip']) {
        expect(await refusalCodeOf(store.open(name))).toBe('package_not_found');
      }
    });

    it('goes on noticing changes when the clock is set back', async () => {
      const { store, path } = await openEmpty();
      await store.list();
      const clock = import.meta.jest.spyOn(Date, 'now').mockImplementation(() => new Date().getTime() - DAY);
      try {
        await writeFile(join(path, 'by-hand.zip'), 'x');
        for (let patience = 100; (await store.find('by-hand.zip')) === undefined; patience--) {
          expect(patience).toBeGreaterThan(0);
          await pause(20);
        }
      } finally {
        clock.mockRestore();
      }

      expect(await namesIn(store)).toEqual(['by-hand.zip']);
    });
  });

  describe('retention of what people did by hand', () => {
    it('keeps a new package beside files that come from the future, as the newest of all', async () => {
      const path = await harness.directory();
      const future = new Date(Date.now() + 365 * DAY);
      for (const name of ['a.zip', 'b.zip', 'c.zip']) {
        await writeFile(join(path, name), name);
        await utimes(join(path, name), future, future);
      }
      const store = await harness.openAt(path);
      const [fromTheFuture] = await store.list();

      const { package: published, evicted } = await publish(store, 'new.zip', 'new', {
        evict: keepNewest(2),
      });

      expect(evicted).toHaveLength(2);
      expect(published.createdAt).toBeGreaterThan(fromTheFuture?.createdAt ?? Number.NaN);
      const [newest, ...others] = await namesIn(store);
      expect(newest).toBe('new.zip');
      expect(others).toHaveLength(1);
      await publish(store, 'newer.zip', 'newer', { evict: keepNewest(2) });
      expect(await namesIn(store)).toEqual(['newer.zip', 'new.zip']);
    });

    // Mutants: a candidate goes although it is another revision by now; the choice is not made again; a file that
    // was touched a moment ago is taken for one that is still being written, and takes up no room.
    it('spares the oldest when somebody touches it between the choice and the eviction', async () => {
      const { store, path } = await openEmpty();
      await publishAll(store, 'a.zip', 'b.zip', 'c.zip');
      let choices = 0;

      const { evicted } = await publish(store, 'd.zip', 'd', {
        evict: (packages, context) => {
          const now = (Date.now() + 1000) / 1000;
          if (choices++ === 0) utimesSync(join(path, 'a.zip'), now, now);
          return keepNewest(3)(packages, context);
        },
      });

      expect(choices).toBeGreaterThan(1);
      expect(evicted.map((one) => one.package.name)).toEqual(['b.zip']);
      expect((await namesIn(store)).toSorted()).toEqual(['a.zip', 'c.zip', 'd.zip']);
      expect((await withDigest(store, 'a.zip')).sha256).toBe(sha256Of(Buffer.from('content of a.zip')));
      expect((await read(store, 'a.zip')).toString()).toBe('content of a.zip');
    });

    // Mutant: what was taken out is not put back when the package cannot be put in its place.
    it('takes nothing away when the package cannot be put in its place', async () => {
      const { store, path } = await openEmpty();
      await publishAll(store, 'a.zip', 'b.zip', 'c.zip');
      const list = await store.list();
      await mkdir(join(path, 'taken.zip'));

      const attempt = publish(store, 'taken.zip', 'x', { condition: 'any', evict: keepNewest(1) });

      expect(await refusalCodeOf(attempt)).toBe('package_exists');
      expect(await store.list()).toEqual(list);
      expect(await readdir(join(path, '.release-server/trash'))).toEqual([]);
      expect(await (await harness.reopen(store)).list()).toEqual(list);
    });

    it('leaves neither trash nor metadata of what is gone', async () => {
      const { store, path } = await openEmpty();
      await publishAll(store, 'a.zip', 'b.zip', 'c.zip');
      await publish(store, 'd.zip', 'd', { evict: keepNewest(2) });
      await store.remove('c.zip');

      expect(await readdir(join(path, '.release-server/trash'))).toEqual([]);
      await store.close();
      await harness.openAt(path);
      const digests = (await digestsIn(path)).map((line) => (JSON.parse(line) as Package).name);
      expect(digests).toEqual(['d.zip']);
    });
  });

  describe('opened after a crash', () => {
    it('sweeps a thousand files that uploads left behind', async () => {
      const { store, path } = await openEmpty();
      await store.close();
      const incoming = join(path, '.release-server/incoming');
      const dead = tagOfDead();
      for (let at = 0; at < 1000; at++) await writeFile(join(incoming, `${dead}~${at}`), 'half');
      await writeFile(join(incoming, 'of-nobody'), 'precious');

      const reopened = await harness.openAt(path);

      expect(await readdir(incoming)).toEqual(['of-nobody']);
      expect(await reopened.list()).toEqual([]);
    });

    it('keeps what a living neighbour is receiving and withdrawing', async () => {
      const { path } = await openEmpty();
      await withLivingNeighbour(async (tag) => {
        const files = [`.release-server/incoming/${tag}~1`, `.release-server/trash/${tag}.0~a.zip`];
        for (const file of files) await writeFile(join(path, file), 'in progress');

        const beside = await harness.openAt(path);

        for (const file of files) expect(await readFile(join(path, file), 'utf8')).toBe('in progress');
        expect(await beside.list()).toEqual([]);
      });
    });

    // Mutant: what lies in the trash counts as left behind by a crash while its owner is still at work.
    it('does not undo the evictions of another store that is at work', async () => {
      let atWork = false;
      const { store, path } = await openObserved(async (call) => {
        if (call !== 'link' || !atWork) return;
        atWork = false;
        await harness.openAt(path, {}, ObservedStore);
      });
      await publishAll(store, 'a.zip', 'b.zip');
      atWork = true;

      await publish(store, 'c.zip', 'c', { condition: 'absent', evict: keepNewest(2) });

      expect(await namesIn(await harness.openAt(path))).toEqual(['c.zip', 'b.zip']);
    });

    it('puts back what a publish had withdrawn when it was cut off', async () => {
      const { store, path } = await openEmpty();
      const [a] = await publishAll(store, 'a~b.zip', 'c.zip');
      await store.close();
      const trash = join(path, '.release-server/trash');
      await rename(join(path, 'a~b.zip'), join(trash, `${tagOfDead()}.0~a~b.zip`));

      const reopened = await harness.openAt(path);

      expect(await namesIn(reopened)).toEqual(['c.zip', 'a~b.zip']);
      // It has been moved by somebody else, so its bytes are hashed again.
      expect(await withDigest(reopened, 'a~b.zip')).toEqual(a);
      expect(await readdir(trash)).toEqual([]);
    });

    it('does not put back what was overwritten since', async () => {
      const { store, path } = await openEmpty();
      await publish(store, 'a.zip', 'newer');
      await store.close();
      const trash = join(path, '.release-server/trash');
      await writeFile(join(trash, `${tagOfDead()}.0~a.zip`), 'older');

      const reopened = await harness.openAt(path);

      expect((await read(reopened, 'a.zip')).toString()).toBe('newer');
      expect(await readdir(trash)).toEqual([]);
    });

    it.each([
      ['nothing', ''],
      ['half of it', '{"name":"a.zip","finger'],
      ['something else', '[1, 2]'],
      ['a wrong digest under another fingerprint', metadata('a.zip', '0-0-0-0', '0'.repeat(64))],
      ['no digest', metadata('a.zip', '0-0-0-0', '../../etc/passwd')],
    ])('does without a digest on disk that holds %s', async (_, text) => {
      const { store, path } = await openEmpty();
      await publish(store, 'a.zip', 'content');
      await store.close();
      const [log = ''] = await readdir(join(path, '.release-server/meta'));
      await writeFile(join(path, '.release-server/meta', log), `${text}\n`);

      const reopened = await harness.openAt(path);

      expect(await namesIn(reopened)).toEqual(['a.zip']);
      expect((await withDigest(reopened, 'a.zip')).sha256).toBe(sha256Of(Buffer.from('content')));
      await reopened.close();
      const [again] = await (await harness.openAt(path)).list();
      expect(again?.sha256).toBe(sha256Of(Buffer.from('content')));
    });

    it('hashes no package again whose digest is on disk', async () => {
      const opened: string[] = [];
      const { store, path } = await openObserved((call, file) => {
        if (call === 'open') opened.push(file);
      });
      const list = await publishAll(store, 'a.zip', 'b.zip');
      await store.close();
      opened.length = 0;

      const { store: reopened } = await openObserved((call, file) => {
        if (call === 'open') opened.push(file);
      }, path);

      expect(await reopened.list()).toEqual(list.toReversed());
      expect(opened.filter((file) => file.endsWith('.zip'))).toEqual([]);
    });
  });

  describe('on a directory that was used for something else', () => {
    const photos = Array.from({ length: 260 }, (_, at) => `photo-${at}.jpg`);

    async function used(names: readonly string[]): Promise<string> {
      const path = await harness.directory();
      for (const name of names) await writeFile(join(path, name), name);
      return path;
    }

    // Caught: 60 photos are gone after the first start.
    it('refuses to remove anything at the start, and leaves no mark', async () => {
      const path = await used(photos);

      for (let start = 0; start < 2; start++) {
        const store = await harness.openAt(path);
        const refusal = await refusalOf(store.prune(keepNewest(200)));
        await store.close();

        expect(refusal.code).toBe('foreign_packages');
        expect(refusal.message).toContain(`${path} has not been served before and holds 260 files`);
        expect(refusal.message).toContain('remove 60');
        expect((await readdir(path)).toSorted()).toEqual(photos.toSorted());
      }
    });

    // Caught: a mark that is made before the decision, so that a second start after a kill removes what the first did not.
    it('has not decided when a start is cut off before it did', async () => {
      const path = await used(photos);
      const first = await harness.openAt(path);
      await first.close();

      const second = await harness.openAt(path);

      expect(await refusalCodeOf(second.prune(keepNewest(200)))).toBe('foreign_packages');
      expect((await readdir(path)).toSorted()).toEqual(photos.toSorted());
    });

    it('goes by what the policy would remove, whatever that is', async () => {
      const path = await used(['a.zip', 'b.zip']);
      const store = await harness.openAt(path);
      const evictB: Evict = (...args) => EVICT_ALL(...args).filter((one) => one.package.name === 'b.zip');

      expect(await refusalCodeOf(store.prune(evictB))).toBe('foreign_packages');
      expect((await readdir(path)).toSorted()).toEqual(['a.zip', 'b.zip']);
    });

    it('takes the files for packages when all may stay, and applies retention from then on', async () => {
      const path = await used(['a.zip', 'b.zip', 'not a package']);
      const store = await harness.openAt(path);

      expect(await store.prune(keepNewest(2))).toEqual([]);
      await store.close();
      const later = await harness.openAt(path);
      expect(await later.prune(keepNewest(1))).toHaveLength(1);

      expect(await readdir(path)).toContain('not a package');
      expect(await later.list()).toHaveLength(1);
    });

    it('applies retention at once in a directory that an earlier version has served', async () => {
      const path = await used(['a.zip', 'b.zip']);
      for (const own of ['incoming', 'trash', 'meta']) {
        await mkdir(join(path, '.release-server', own), { recursive: true });
      }

      expect(await (await harness.openAt(path)).prune(keepNewest(1))).toHaveLength(1);
    });

    it('applies retention to what was published into an empty one, by whatever program', async () => {
      const { store, path } = await openEmpty();
      await publishAll(store, 'a.zip', 'b.zip');
      await store.close();

      expect(await (await harness.openAt(path)).prune(keepNewest(1))).toHaveLength(1);
    });
  });

  describe('where one of its own directories is a link', () => {
    it.each(['', 'incoming', 'trash', 'meta'])(
      'does not start, and touches nothing behind it: .release-server/%s',
      async (own) => {
        const { store, path } = await openEmpty();
        await publish(store, 'a.zip', 'a');
        await store.close();
        const outside = await harness.directory();
        for (const name of ['letter.docx', `${tagOfDead()}~x`, `${tagOfDead()}.digests`]) {
          await writeFile(join(outside, name), 'precious');
        }
        const before = await treeOf(outside);
        const link = join(path, '.release-server', own);
        await rm(link, { recursive: true });
        await symlink(outside, link.replace(/\/$/, ''));

        const refusal = await refusalOf(harness.openAt(path));

        expect(refusal.message).toContain('is a symbolic link');
        expect(await treeOf(outside)).toEqual(before);
      },
    );

    it('is not ready when the link appears later', async () => {
      const { store, path } = await openEmpty();
      const outside = await harness.directory();
      const incoming = join(path, '.release-server/incoming');
      await rename(incoming, join(path, '.release-server/moved'));
      await symlink(outside, incoming);

      expect((await refusalOf(store.probe())).message).toContain('is a symbolic link');
      expect(await readdir(outside)).toEqual([]);
    });

    it('does not take over a lock behind a link', async () => {
      const path = await harness.directory();
      const outside = await harness.directory();
      await mkdir(join(outside, tagOfDead()));
      await mkdir(join(path, '.release-server'));
      await symlink(outside, join(path, '.release-server/lock'));
      const disk = new FailingDisk('EPERM', (call) => call === 'link');
      disk.broken = true;

      await expect(openObserved(disk.onCall, path)).rejects.toMatchObject({ code: 'storage_failed' });
      expect(await readdir(outside)).toHaveLength(1);
    });
  });

  describe('calls to the operating system', () => {
    // Mutant: the directory is read for every request.
    it.each([
      ['tells of others', false],
      ['does not tell of others', true],
    ])(
      'are not made for the directory or its files while nothing changes, where it %s',
      async (_, isSilent) => {
        const calls: string[] = [];
        let isOpen = false;
        const { store, path } = await openObserved((call) => {
          if (call === 'statfs' && isSilent && !isOpen) throw new Error('unknown');
          calls.push(call);
        });
        isOpen = true;
        await publishAll(store, 'a.zip', 'b.zip', 'c.zip');
        const settled = new Date(Date.now() - DAY);
        await utimes(path, settled, settled);
        calls.length = 0;
        await until('the directory was read', async () => (await store.list(), calls.includes('readdir')));
        await read(store, 'a.zip');
        calls.length = 0;

        for (let round = 0; round < 3; round++) {
          for (let request = 0; request < 100; request++) {
            await store.list();
            await store.find('b.zip');
            await contentOf(await store.open('a.zip'));
          }
          await pause(300);
        }

        expect(calls.filter((call) => call === 'readdir')).toEqual([]);
        // 900 requests, and once in a while a look at the directory or at the file that is served from memory.
        expect(calls.length).toBeLessThan(50);
      },
    );

    // Mutants: the bytes are not synced, or before all are written, or after they have a name; the answer does not
    // wait for the directory.
    it.each([
      ['absent', 'link'],
      ['any', 'rename'],
    ] as const)(
      'make bytes durable before they have a name (%s), and the name before the answer',
      async (condition, naming) => {
        const order: string[] = [];
        const path = await harness.directory();
        const { store } = await openObserved(async (call, file) => {
          // A slow disk: whoever does not wait for it overtakes it.
          // What is known of packages is written by itself, at any time, and by a descriptor that may be the package's again.
          if (call === 'write' && (!file.includes('/incoming/') || order[1] === 'fsync of the file')) return;
          if (call === 'write') await pause(30);
          if (call === 'write') order.push('write');
          if (call === 'fsync') order.push(file === path ? 'fsync of the directory' : 'fsync of the file');
          if (call === naming && file.includes('/incoming/')) order.push(naming);
        }, path);
        order.length = 0;

        // Large enough that it is written in the thread pool.
        await publish(store, 'a.zip', bytesOf(100_000), { condition });

        expect(order).toEqual(['write', 'fsync of the file', naming, 'fsync of the directory']);
      },
    );

    // Mutants: every upload asks for the free space; a stat takes the way through the thread pool; what was staged is
    // removed with a look at it first.
    it('are few for a small package of a new name', async () => {
      const { store } = await openEmpty();
      const publishOne = async (name: string): Promise<void> => {
        await store.requireCondition(name, 'absent', 'cached');
        await store.requireSpace(4096);
        const staged = await stage(store, bytesOf(4096), { size: 4096 });
        await store.publish(staged, name, { condition: 'absent', evict: KEEP_ALL });
      };
      await publishOne('first.zip');

      const calls = await callsDuring(() => publishOne('second.zip'));

      // Two fsyncs; and open, write, close, utimes, link, unlink and a write for the digest where those may wait.
      expect(calls).toBeLessThanOrEqual(9);
    });

    // Mutants: a small file is looked at before it is read as well, or read until it is told to be over; large ones are read
    // in smaller pieces.
    it.each([
      ['a small package: open, read, fstat, close', 1000, 4],
      ['a small package again', 1000, 0],
      ['a large package: open, fstat, three reads, fstat, close', 3 * 512 * 1024, 7],
    ])('are few to read %s', async (what, size, expected) => {
      const { store } = await openEmpty();
      const counts: number[] = [];
      for (const name of ['a.zip', 'b.zip', 'c.zip', 'd.zip', 'e.zip']) {
        await publish(store, name, bytesOf(size));
        if (what.endsWith('again')) await read(store, name);
        counts.push(await callsDuring(() => read(store, name)));
      }
      // Some may take place while the directory is looked at.
      expect(Math.min(...counts)).toBe(expected);
    });

    // Mutant: the memory of a download that was given up goes to the next while the disk still writes into it.
    it('never fill memory that has gone to another download', async () => {
      let reads = 0;
      const { store } = await openObserved(async (call) => {
        // The one that is in flight when the download is given up.
        if (call === 'read' && ++reads === 2) await pause(50);
      });
      for (const seed of [1, 2]) await publish(store, `${seed}.zip`, bytesOf(2_000_000, seed));
      reads = 0;
      const givenUp = await store.open('1.zip');
      const chunks = givenUp.read()[Symbol.asyncIterator]();
      await chunks.next();
      const over = chunks.return?.();

      const received: Buffer[] = [];
      const other = await store.open('2.zip');
      for await (const chunk of other.read()) {
        if (received.length === 0) await pause(100);
        received.push(Buffer.from(chunk));
      }
      await over;
      await Promise.all([givenUp.close(), other.close()]);

      expect(Buffer.concat(received).equals(bytesOf(2_000_000, 2))).toBe(true);
    });

    // Mutant: each read of a revision that was replaced meanwhile hashes all of it.
    it('hash a revision that was replaced once, however often parts of it are read', async () => {
      let reads = 0;
      const { store } = await openObserved((call) => {
        if (call === 'read') reads += 1;
      });
      await publish(store, 'a.zip', bytesOf(2_000_000));
      const opened = await store.open('a.zip');
      await publish(store, 'a.zip', 'new');
      const readsOf = async (start: number): Promise<number> => {
        reads = 0;
        expect(await bytesIn(opened, start, start)).toEqual(bytesOf(2_000_000).subarray(start, start + 1));
        return reads;
      };

      expect(await readsOf(0)).toBeGreaterThan(1);
      expect([await readsOf(1), await readsOf(1_999_999)]).toEqual([1, 1]);
      await opened.close();
    });

    // Mutants: the digest is written down after the new file is there; the old file is removed first.
    it('leave a whole package to another store at every step of an overwrite', async () => {
      const path = await harness.directory();
      const other = await harness.openAt(path);
      await publish(other, 'a.zip', bytesOf(200_000, 1));
      const seen = new Set<string>();
      let overwriting = false;
      const { store } = await openObserved(async () => {
        if (!overwriting) return;
        const opened = await other.open('a.zip');
        seen.add(opened.package.sha256 ?? 'no digest').add(sha256Of(await contentOf(opened)));
      }, path);
      const staged = await stage(store, bytesOf(200_001, 2));

      overwriting = true;
      await store.publish(staged, 'a.zip', { condition: 'any', evict: KEEP_ALL });
      overwriting = false;

      expect([...seen]).toEqual([sha256Of(bytesOf(200_000, 1)), sha256Of(bytesOf(200_001, 2))]);
    });

    it('make a removal durable before the answer', async () => {
      const order: string[] = [];
      const path = await harness.directory();
      const { store } = await openObserved((call, file) => {
        if (call === 'fsync' && file === path) order.push('fsync of the directory');
        if (call === 'unlink') order.push('unlink');
      }, path);
      await publish(store, 'a.zip', 'a');
      order.length = 0;

      await store.remove('a.zip');

      expect(order).toEqual(['unlink', 'fsync of the directory']);
    });

    it('leave no descriptor open, whatever becomes of uploads and downloads', async () => {
      const { store, path } = await openEmpty();
      await publish(store, 'a.zip', bytesOf(2_000_000));
      for (let round = 0; round < 20; round++) {
        const opened = await store.open('a.zip');
        for await (const chunk of opened.read()) {
          expect(chunk.length).toBeGreaterThan(0);
          break;
        }
        await opened.close();
        await (await store.open('a.zip')).close();
        await refusalOf(stage(store, 'x', { size: 2 }));
        await refusalOf(publish(store, 'a.zip', 'x', { condition: 'absent' }));
      }

      expect((await descriptorsIn(path)).filter((file) => !file.endsWith('.digests'))).toEqual([]);
    });
  });

  describe('on a disk that fails', () => {
    it('stores nothing when the bytes cannot be synced', async () => {
      const disk = new FailingDisk('EIO', (call, path) => call === 'fsync' && path.includes('/incoming/'));
      const { store, path } = await openObserved(disk.onCall);
      disk.broken = true;

      await expect(stage(store, 'x')).rejects.toMatchObject({ code: 'storage_failed' });
      disk.broken = false;

      expect(await store.list()).toEqual([]);
      expect(await readdir(join(path, '.release-server/incoming'))).toEqual([]);
      expect(await stage(store, 'x')).toMatchObject({ size: 1 });
    });

    it.each(['ENOSPC', 'EDQUOT'])('calls %s insufficient storage', async (code) => {
      const disk = new FailingDisk(code, (call, path) => call === 'fsync' && path.includes('/incoming/'));
      const { store } = await openObserved(disk.onCall);
      disk.broken = true;

      await expect(stage(store, 'x')).rejects.toMatchObject({ code: 'insufficient_storage' });
    });

    it('fails with a code when it cannot even be asked for room', async () => {
      const disk = new FailingDisk('EIO', (call) => call === 'statfs');
      const { store } = await openObserved(disk.onCall);
      disk.broken = true;

      await expect(store.requireSpace(1)).rejects.toMatchObject({ code: 'storage_failed' });
      await expect(stage(store, 'x')).rejects.toMatchObject({ code: 'storage_failed' });
    });

    // Mutant: a directory that could not be synced is synced again, which then succeeds and proves nothing.
    it('takes no more writes once the directory could not be synced, and reads on', async () => {
      const { store, path } = await openEmpty();
      await publish(store, 'a.zip', 'a');
      const disk = new FailingDisk('EIO', (call, file) => call === 'fsync' && file === path);
      const { store: failing } = await openObserved(disk.onCall, path);
      const staged = await stage(failing, 'b');
      disk.broken = true;

      const attempt = failing.publish(staged, 'b.zip', { condition: 'absent', evict: KEEP_ALL });
      await expect(attempt).rejects.toMatchObject({ code: 'storage_failed' });
      disk.broken = false;

      const refused = { code: 'storage_failed', message: expect.stringContaining('restart') as string };
      await expect(failing.probe()).rejects.toMatchObject(refused);
      await expect(stage(failing, 'c')).rejects.toMatchObject(refused);
      await expect(failing.remove('a.zip')).rejects.toMatchObject(refused);
      await expect(failing.prune(KEEP_ALL)).rejects.toMatchObject(refused);
      expect((await read(failing, 'a.zip')).toString()).toBe('a');
      await expect((await harness.openAt(path)).probe()).resolves.toBeUndefined();
    });

    // Mutant: an error on tidying up fails the publish, and puts back what it evicted beside it.
    it.each([
      ['its staged name', '/incoming/'],
      ['what it evicted', '/trash/'],
    ])('has published what it published, though it cannot remove %s', async (_, place) => {
      const disk = new FailingDisk('EIO', (call, path) => call === 'rm' && path.includes(place));
      const { store, path } = await openObserved(disk.onCall);
      await publish(store, 'a.zip', 'a');
      const staged = await stage(store, 'b');
      disk.broken = true;

      const published = await store.publish(staged, 'b.zip', { condition: 'absent', evict: keepNewest(1) });
      disk.broken = false;

      expect(published.evicted.map((one) => one.package.name)).toEqual(['a.zip']);
      expect((await store.list()).map(({ name }) => name)).toEqual(['b.zip']);
      expect((await readdir(path)).filter((name) => !name.startsWith('.'))).toEqual(['b.zip']);
    });

    // Mutant: what was withdrawn is put back by link alone.
    it('takes nothing away when no link can be made, neither for the new package nor for the old', async () => {
      const disk = new FailingDisk('EIO', (call) => call === 'link');
      const { store, path } = await openObserved(disk.onCall);
      await publish(store, 'a.zip', 'a');
      const staged = await stage(store, 'b');
      disk.broken = true;

      const attempt = store.publish(staged, 'b.zip', { condition: 'absent', evict: keepNewest(1) });
      await expect(attempt).rejects.toMatchObject({ code: 'storage_failed' });

      expect((await store.list()).map(({ name }) => name)).toEqual(['a.zip']);
      expect(await readdir(join(path, '.release-server/trash'))).toEqual([]);
      expect((await read(store, 'a.zip')).toString()).toBe('a');
    });

    it('is told apart from a healthy one by the probe', async () => {
      const disk = new FailingDisk('EROFS', (call, path) => call === 'open' && path.includes('/incoming/'));
      const { store } = await openObserved(disk.onCall);
      await publish(store, 'a.zip', 'a');
      disk.broken = true;

      await expect(store.probe()).rejects.toMatchObject({ code: 'storage_failed' });
      await expect(stage(store, 'b')).rejects.toMatchObject({ code: 'storage_failed' });
      expect((await read(store, 'a.zip')).toString()).toBe('a');
      disk.broken = false;
      await expect(store.probe()).resolves.toBeUndefined();
    });
  });

  describe('on a file system that knows less', () => {
    it.each(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP'])(
      'goes on without an fsync of directories or files: %s',
      async (code) => {
        const disk = new FailingDisk(code, (call) => call === 'fsync');
        disk.broken = true;
        const { store } = await openObserved(disk.onCall);

        await publish(store, 'a.zip', 'a');
        await store.remove('a.zip');
        await publish(store, 'b.zip', 'b');

        await expect(store.probe()).resolves.toBeUndefined();
        expect(await namesIn(store)).toEqual(['b.zip']);
      },
    );

    it('goes on without an fsync of a directory that cannot be opened', async () => {
      const path = await harness.directory();
      const disk = new FailingDisk('EISDIR', (call, file) => call === 'open' && file === path);
      disk.broken = true;
      const { store } = await openObserved(disk.onCall, path);

      await publish(store, 'a.zip', 'a');

      expect(await namesIn(store)).toEqual(['a.zip']);
    });

    it('does not start on a disk whose fsync fails', async () => {
      const path = await harness.directory();
      const disk = new FailingDisk('EIO', (call, file) => call === 'fsync' && file === path);
      disk.broken = true;

      await expect(openObserved(disk.onCall, path)).rejects.toMatchObject({ code: 'storage_failed' });
    });

    it('takes the time of the upload where nobody may set it', async () => {
      const disk = new FailingDisk('EPERM', (call) => call === 'utimes');
      disk.broken = true;
      const { store } = await openObserved(disk.onCall);

      const { package: published } = await publish(store, 'a.zip', 'a');

      expect(Math.abs(published.createdAt - Date.now())).toBeLessThan(60_000);
    });

    describe('than 143 bytes of a name', () => {
      const isTooLong = (path: string): boolean => path.split('/').some((name) => name.length > 143);
      const long = (letter: string, length: number): string => letter.repeat(length);
      const disk = new FailingDisk('ENAMETOOLONG', (_, path) => isTooLong(path));
      // What a call goes to counts as well as what it comes from.
      const onCall: OnCall = (call, path, to) => {
        if (to === undefined || !isTooLong(to)) return disk.onCall(call, path);
        return disk.onCall(call, to);
      };
      disk.broken = true;

      it('refuses longer ones before the body, with the limit', async () => {
        const { store } = await openObserved(onCall);

        const refused = {
          code: 'invalid_package_name',
          message: expect.stringContaining(
            'has 144 characters, and the file system of this server takes 143',
          ) as string,
        };
        await expect(store.requireCondition(long('a', 144), 'absent')).rejects.toMatchObject(refused);
        await expect(publish(store, long('a', 144), 'x')).rejects.toMatchObject(refused);
        await publish(store, long('a', 143), 'x');
        expect((await namesIn(store)).map((name) => name.length)).toEqual([143]);
      });

      it('evicts them, and puts back what a crash left', async () => {
        const { store, path } = await openObserved(onCall);
        await publish(store, long('a', 143), 'a');
        const { evicted } = await publish(store, long('b', 143), 'b', { evict: keepNewest(1) });
        expect(evicted).toHaveLength(1);
        const trash = join(path, '.release-server/trash');
        expect(await readdir(trash)).toEqual([]);
        await store.close();
        const left = join(trash, `${tagOfDead()}.7`);
        await mkdir(left);
        await rename(join(path, long('b', 143)), join(left, long('b', 143)));

        const { store: reopened } = await openObserved(onCall, path);

        expect(await namesIn(reopened)).toEqual([long('b', 143)]);
        expect(await readdir(trash)).toEqual([]);
      });
    });
  });

  describe('file modes', () => {
    it.each([0o000, 0o022])('do not grow with the umask %o', async (mask) => {
      const umask = process.umask(mask);
      try {
        const { store, path } = await openEmpty();
        await publish(store, 'a.zip', 'a');
        const modeOf = async (file: string): Promise<string> =>
          ((await lstat(join(path, file))).mode & 0o7777).toString(8);

        expect(await modeOf('a.zip')).toBe('644');
        for (const own of ['', 'incoming', 'trash', 'meta']) {
          expect(await modeOf(join('.release-server', own))).toBe('700');
        }
        for (const log of await readdir(join(path, '.release-server/meta'))) {
          expect(await modeOf(join('.release-server/meta', log))).toBe('644');
        }
      } finally {
        process.umask(umask);
      }
    });

    it('let the group of the directory do what it may do there', async () => {
      const path = await harness.directory();
      execFileSync('chmod', ['2775', path]);
      await harness.openAt(path);

      expect((await lstat(join(path, '.release-server/incoming'))).mode & 0o7777).toBe(0o2770);
    });
  });

  describe('without hard links', () => {
    const disk = new FailingDisk('EPERM', (call) => call === 'link');
    disk.broken = true;

    it('creates, refuses, overwrites and evicts all the same', async () => {
      const { store } = await openObserved(disk.onCall);
      await publishAll(store, 'a.zip', 'b.zip');

      const refused = publish(store, 'b.zip', 'x', { condition: 'absent', evict: keepNewest(1) });
      await expect(refused).rejects.toMatchObject({ code: 'package_exists' });
      const creates = Array.from({ length: 16 }, () =>
        publish(store, 'c.zip', 'c', { condition: 'absent', evict: keepNewest(2) }),
      );
      const outcomes = await Promise.allSettled(creates);

      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await namesIn(store)).toEqual(['c.zip', 'b.zip']);
    });

    it('belongs to one store at a time', async () => {
      const { store, path } = await openObserved(disk.onCall);

      await expect(openObserved(disk.onCall, path)).rejects.toMatchObject({ code: 'storage_failed' });
      await publish(store, 'a.zip', 'a', { condition: 'absent' });
      await store.close();

      expect(await namesIn((await openObserved(disk.onCall, path)).store)).toEqual(['a.zip']);
    });

    it('is taken over from a process that is gone', async () => {
      const path = await harness.directory();
      await mkdir(join(path, '.release-server/lock', tagOfDead()), { recursive: true });
      await mkdir(join(path, '.release-server/lock/thesis'));

      const { store } = await openObserved(disk.onCall, path);

      await expect(store.probe()).resolves.toBeUndefined();
      await store.close();
      expect(await readdir(join(path, '.release-server/lock'))).toEqual(['thesis']);
    });

    it('puts back what was withdrawn when the package cannot be put in its place', async () => {
      const { store, path } = await openObserved(disk.onCall);
      const list = (await publishAll(store, 'a.zip', 'b.zip')).toReversed();
      await mkdir(join(path, 'taken.zip'));

      const attempt = publish(store, 'taken.zip', 'x', { condition: 'any', evict: keepNewest(1) });

      await expect(attempt).rejects.toMatchObject({ code: 'package_exists' });
      expect(await store.list()).toEqual(list);
    });
  });

  describe('with little room', () => {
    it('refuses what would leave less than the minimum free, and is not ready', async () => {
      const store = await harness.openAt(await harness.directory(), { minFreeSpace: 2 ** 52 });

      expect(await refusalCodeOf(store.requireSpace(1))).toBe('insufficient_storage');
      expect(await refusalCodeOf(stage(store, 'x'))).toBe('insufficient_storage');
      expect(await refusalCodeOf(stage(store, 'x', { size: 1 }))).toBe('insufficient_storage');
      expect(await refusalCodeOf(store.probe())).toBe('insufficient_storage');
      expect(await store.list()).toEqual([]);
    });
  });

  describe('read-only', () => {
    it('serves what is there and writes nothing at all into the directory', async () => {
      const path = await harness.directory();
      await writeFile(join(path, 'a.zip'), 'by hand');
      await writeFile(join(path, '.draft'), 'x');
      const before = await treeOf(path);

      const store = await harness.openAt(path, { readOnly: true });
      const hashed = await withDigest(store, 'a.zip');
      expect((await read(store, 'a.zip')).toString()).toBe('by hand');
      await expect(store.probe()).resolves.toBeUndefined();
      for (const write of [
        stage(store, 'x'),
        store.remove('a.zip'),
        store.prune(EVICT_ALL),
        publish(store, 'b.zip', 'x'),
      ]) {
        expect(await refusalCodeOf(write)).toBe('storage_failed');
      }
      await store.close();

      expect(hashed.sha256).toBe(sha256Of(Buffer.from('by hand')));
      expect(await treeOf(path)).toEqual(before);
    });

    it('leaves the leftovers of a crash to a store that may write', async () => {
      const { store, path } = await openEmpty();
      await publish(store, 'a.zip', 'a');
      await store.close();
      await writeFile(join(path, '.release-server/incoming', `${tagOfDead()}~1`), 'half');
      const before = await treeOf(path);

      const reader = await harness.openAt(path, { readOnly: true });

      expect(await namesIn(reader)).toEqual(['a.zip']);
      await reader.close();
      expect(await treeOf(path)).toEqual(before);
    });

    it('notices what another store publishes', async () => {
      const { store, path } = await openEmpty();
      const reader = await harness.openAt(path, { readOnly: true });
      const { package: published } = await publish(store, 'a.zip', 'a');

      expect(await until('it is seen', () => reader.find('a.zip'))).toEqual(published);
    });

    it('does not open a directory that is not there', async () => {
      const path = join(await harness.directory(), 'missing');

      expect(await refusalCodeOf(harness.openAt(path, { readOnly: true }))).toBe('storage_failed');
    });
  });

  it('does not open what is no directory', async () => {
    const path = join(await harness.directory(), 'file');
    await writeFile(path, 'x');

    expect(await refusalCodeOf(harness.openAt(path))).toBe('storage_failed');
  });
});

async function openEmpty(): Promise<{ store: PackageStore; path: string }> {
  const store = await harness.open();
  return { store, path: harness.pathOf(store) };
}

/** Opens a store whose calls to the file system are observed, by one observer at a time. */
async function openObserved(onCall: OnCall, at?: string): Promise<{ store: PackageStore; path: string }> {
  const path = at ?? (await harness.directory());
  observer.onCall = onCall;
  return { store: await harness.openAt(path, {}, ObservedStore), path };
}

/** Resolves with the package once it is hashed, and as `sha256` where that is given. */
async function withDigest(store: PackageStore, name: string, sha256?: string): Promise<Package> {
  return until(`${name} has its digest`, async () => {
    const found = await store.find(name);
    if (found?.sha256 === undefined) return false;
    return sha256 === undefined || found.sha256 === sha256 ? found : false;
  });
}

function metadata(name: string, fingerprint: string, sha256: string): string {
  return JSON.stringify({ name, fingerprint, sha256 });
}

/** What is written down of digests. */
async function digestsIn(path: string): Promise<string[]> {
  const meta = join(path, '.release-server/meta');
  const logs = (await readdir(meta)).map((file) => readFile(join(meta, file), 'utf8'));
  return (await Promise.all(logs)).join('').split('\n').filter(Boolean);
}

/** The files below the directory that this process holds open. */
async function descriptorsIn(path: string): Promise<string[]> {
  const descriptors = await readdir('/proc/self/fd').catch(() => {
    console.warn('there is no /proc here to see open descriptors in; that check proves nothing');
    return [];
  });
  const files = await Promise.all(descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  return files.filter((file) => file.startsWith(`${path}/`));
}

/** Every file and directory with the times at which it changed, so that any write shows. */
async function treeOf(path: string): Promise<string[]> {
  const names = ['', ...(await readdir(path, { recursive: true }))].toSorted();
  return Promise.all(
    names.map(async (name) => {
      const { mtimeNs, ctimeNs, size } = await lstat(join(path, name), { bigint: true });
      return [name, size, mtimeNs, ctimeNs].join(' ');
    }),
  );
}
