import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, open, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Logger } from '@nestjs/common';

import { nameInRelease } from '../package-name.js';
import type { PackageStore } from '../package-store.js';
import { FilesystemHarness } from '../testing/filesystem.harness.js';
import { bytesOf, KEEP_ALL, namesIn, pause, publish, refusalCodeOf, until } from '../testing/packages.js';

const DRAFT = { isDraft: true, createdAt: 1, updatedAt: 1 };

describe('folders of releases, by hand', () => {
  const harness = new FilesystemHarness();
  let warned: string[];

  beforeEach(() => {
    warned = [];
    import.meta.jest.spyOn(Logger.prototype, 'warn').mockImplementation((text: unknown) => {
      warned.push(String(text));
    });
  });

  afterEach(async () => {
    import.meta.jest.restoreAllMocks();
    await harness.destroy();
  });

  /** A folder beside the storage, to be moved into it. */
  async function folder(files: Readonly<Record<string, string>>, record?: unknown): Promise<string> {
    const path = join(await harness.directory(), 'folder');
    await mkdir(path);
    for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content);
    if (record !== undefined) await writeFile(join(path, '.release.json'), JSON.stringify(record));
    return path;
  }

  /** A store in which it lay before the start, so that its files count as whole. */
  async function found(from: string): Promise<{ store: PackageStore; path: string }> {
    const path = await harness.directory();
    await rename(from, join(path, 'v1'));
    return { store: await harness.openAt(path), path };
  }

  /** A store into which it is moved. */
  async function laid(from: string): Promise<{ store: PackageStore; path: string }> {
    const store = await harness.open();
    const path = harness.pathOf(store);
    // Until its files count as whole.
    await pause(600);
    await rename(from, join(path, 'v1'));
    return { store, path };
  }

  it('are releases as soon as they are there, and are none when they are moved away', async () => {
    const { store, path } = await laid(await folder({ a: 'a', b: 'b', '.hidden': 'x' }));
    await until('they are listed', async () => (await store.list()).length === 2);
    expect((await namesIn(store)).toSorted()).toEqual(['v1/a', 'v1/b']);

    await writeFile(join(path, 'v1/c'), 'c');
    await until('the third is listed', () => store.find('v1/c'));
    await rename(join(path, 'v1'), join(path, 'v2'));
    await until('they are moved', () => store.find('v2/c'));
    expect((await namesIn(store)).toSorted()).toEqual(['v2/a', 'v2/b', 'v2/c']);

    await rm(join(path, 'v2'), { recursive: true });
    await until('they are gone', async () => (await store.list()).length === 0);
  });

  // Mutant: the packages of a folder are entered before its record is read.
  it('never show the packages of a draft, and show them once its record says so', async () => {
    const { store, path } = await laid(await folder({ a: 'a' }, DRAFT));
    await until('the draft is known', async () => {
      const { packages, drafts } = await store.snapshot();
      expect(packages).toEqual([]);
      return drafts.length === 1;
    });
    await writeFile(join(path, '.new'), JSON.stringify({ ...DRAFT, isDraft: false }));
    await rename(join(path, '.new'), join(path, 'v1/.release.json'));
    await until('it is public', () => store.find('v1/a'));
  });

  // Mutant: whatever lies in the folder counts as whole when something is published into it.
  it('take a file that is being copied for no package, also when another is published beside it', async () => {
    const { store, path } = await found(await folder({ a: 'a' }));
    await until('it is listed', () => store.find('v1/a'));
    await writeFile(join(path, 'v1/half'), bytesOf(1000));
    await publish(store, nameInRelease('v1', 'b'), 'b');
    await store.saveRelease('v1', ({ now }) => ({ ...DRAFT, isDraft: false, tag: 'v1', updatedAt: now }), {
      evict: KEEP_ALL,
    });
    expect((await namesIn(store)).toSorted()).toEqual(['v1/a', 'v1/b']);
    await appendFile(join(path, 'v1/half'), bytesOf(1000));
    const whole = await until('it is whole', () => store.find('v1/half'));
    expect(whole.size).toBe(2000);
  });

  it.each<[string, string]>([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['no draft and no public release', '{"createdAt":1,"updatedAt":1}'],
    ['a draft by its prototype only', '{"createdAt":1,"updatedAt":1,"__proto__":{"isDraft":false}}'],
    ['one with a member __proto__', '{"isDraft":false,"createdAt":1,"updatedAt":1,"__proto__":{}}'],
    ['one of the year 100,000', '{"isDraft":false,"createdAt":1e16,"updatedAt":1}'],
    [
      'more than a record can be',
      `{"isDraft":false,"createdAt":1,"updatedAt":1,"notes":"${'x'.repeat(1_100_000)}"}`,
    ],
  ])('are hidden where the record is %s, which the log says once', async (_, text) => {
    const from = await folder({ a: 'a' });
    await writeFile(join(from, '.release.json'), text);
    const { store, path } = await found(from);
    await until('it is looked at', async () => (await store.snapshot()).drafts.length === 1);
    await pause(300);
    const { packages, drafts, releases } = await store.snapshot();
    expect([packages.length, drafts.length, releases.size]).toEqual([0, 1, 0]);
    expect(await refusalCodeOf(store.open('v1/a'))).toBe('package_not_found');
    const place = join(path, 'v1/.release.json');
    expect(warned.filter((line) => line.includes(place) && line.includes('is hidden'))).toHaveLength(1);
  });

  it.each<[string, (path: string) => Promise<void>]>([
    ['a link', (path) => symlink('/etc/hostname', path)],
    ['a directory', (path) => mkdir(path)],
    ['a pipe', async (path) => void execFileSync('mkfifo', [path])],
  ])('are hidden where the record is %s, and nobody waits for it', async (_, make) => {
    const from = await folder({ a: 'a' });
    await make(join(from, '.release.json'));
    const { store } = await found(from);
    await until('it is hidden', async () => (await store.snapshot()).drafts.length === 1);
    expect(await namesIn(store)).toEqual([]);
  });

  it('are none behind a link, under another encoding, within another, or of ours', async () => {
    const store = await harness.open();
    const path = harness.pathOf(store);
    await symlink(await folder({ a: 'a' }), join(path, 'linked'));
    await rename(await folder({ a: 'a' }), join(path, 'cli%2fv1'));
    await mkdir(join(path, 'v1'));
    await rename(await folder({ a: 'a' }), join(path, 'v1/nested'));
    await writeFile(join(path, 'v1/own'), 'o');
    await until('the one that is a release is listed', () => store.find('v1/own'));
    expect(await namesIn(store)).toEqual(['v1/own']);
    const again = await harness.reopen(store);
    expect(await namesIn(again)).toEqual(['v1/own']);
  });

  // Mutant: the folder is removed with all that is in it.
  it('keep what is no package of ours when their release is removed', async () => {
    const { store, path } = await found(await folder({ a: 'a', '.notes': 'precious' }));
    await until('it is listed', () => store.find('v1/a'));
    await store.removeRelease('v1', () => []);
    expect(await readdir(join(path, 'v1'))).toEqual(['.notes']);
    expect(await namesIn(store)).toEqual([]);
    expect(await readdir(join(path, '.release-server/trash'))).toEqual([]);
  });

  it('are removed with their last package, and made again with the next', async () => {
    const store = await harness.open();
    const path = harness.pathOf(store);
    const name = nameInRelease('cli/v1', 'a');
    for (let round = 0; round < 3; round++) {
      await publish(store, name, 'a', { condition: 'absent' });
      await store.remove(name);
      expect(await readdir(path)).toEqual(['.release-server']);
    }
    // Something else has the name.
    await (await open(join(path, 'cli%2Fv1'), 'w')).close();
    expect(await refusalCodeOf(publish(store, name, 'a'))).toBe('package_exists');
  });

  it('do not stay where what they were made for is refused', async () => {
    const store = await harness.open();
    const evict = (): never => {
      throw new Error('refused');
    };
    await expect(publish(store, nameInRelease('v1', 'a'), 'a', { evict })).rejects.toThrow('refused');
    expect(await readdir(harness.pathOf(store))).not.toContain('v1');
    await publish(store, nameInRelease('v1', 'a'), 'a', { evict: KEEP_ALL });
    expect(await namesIn(store)).toEqual(['v1/a']);
  });
});
