import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { Layout } from './layout.js';
import { MetadataCache } from './metadata-cache.js';

const SHA256 = 'ab'.repeat(32);

describe('MetadataCache', () => {
  let layout: Layout;
  let cache: MetadataCache;

  beforeEach(async () => {
    layout = new Layout(await mkdtemp(join(tmpdir(), 'metadata-cache-')));
    await mkdir(layout.meta, { recursive: true });
    cache = new MetadataCache(layout, false);
  });

  afterEach(() => rm(layout.root, { recursive: true, force: true }));

  it('remembers a digest beyond the process that learnt it', async () => {
    await cache.save('a.zip', '1-2-3-4', SHA256);

    expect(await cache.load('a.zip', '1-2-3-4')).toBe(SHA256);
    expect(await new MetadataCache(layout, false).load('a.zip', '1-2-3-4')).toBe(SHA256);
  });

  it('knows nothing of another revision of the file, or of another file', async () => {
    await cache.save('a.zip', '1-2-3-4', SHA256);

    expect(await cache.load('a.zip', '1-2-3-5')).toBeUndefined();
    expect(await cache.load('b.zip', '1-2-3-4')).toBeUndefined();
  });

  // Mutants: an announced rename counts for ever; for any file of that name.
  it('knows a file that was about to be renamed for a moment after that', async () => {
    const at = 1_700_000_000_000_000_000n;
    const second = 1_000_000_000n;
    const fingerprint = (ctime: bigint): string => `1-2-3-${ctime.toString(16)}`;
    await cache.save('a.zip', fingerprint(at), SHA256, true);

    for (const later of [0n, 1n, second])
      expect(await cache.load('a.zip', fingerprint(at + later))).toBe(SHA256);
    for (const other of [-1n, 3n * second]) {
      expect(await cache.load('a.zip', fingerprint(at + other))).toBeUndefined();
    }
    expect(await cache.load('a.zip', `1-2-4-${at.toString(16)}`)).toBeUndefined();
    await cache.save('a.zip', fingerprint(at), SHA256);
    expect(await cache.load('a.zip', fingerprint(at + 1n))).toBeUndefined();
  });

  it('keeps the last revision of a name', async () => {
    await cache.save('a.zip', '1-2-3-4', SHA256);
    await cache.save('a.zip', '4-5-6-7', 'cd'.repeat(32));

    expect(await cache.load('a.zip', '1-2-3-4')).toBeUndefined();
    expect(await cache.load('a.zip', '4-5-6-7')).toBe('cd'.repeat(32));
    expect(await readdir(layout.meta)).toHaveLength(1);
  });

  it.each([
    ['nothing', ''],
    ['half of an entry', '{"name":"a.zip","fingerpr'],
    ['null', 'null'],
    ['a string', '"a.zip"'],
    ['another name', JSON.stringify({ name: 'b.zip', fingerprint: '1-2-3-4', sha256: SHA256 })],
    ['a fingerprint that is none', JSON.stringify({ name: 'a.zip', fingerprint: '1-2-3', sha256: SHA256 })],
    ['no fingerprint', JSON.stringify({ name: 'a.zip', sha256: SHA256 })],
    ['a digest that is none', JSON.stringify({ name: 'a.zip', fingerprint: '1-2-3-4', sha256: '../x' })],
    [
      'a digest in capitals',
      JSON.stringify({ name: 'a.zip', fingerprint: '1-2-3-4', sha256: 'AB'.repeat(32) }),
    ],
    ['a number for a digest', JSON.stringify({ name: 'a.zip', fingerprint: '1-2-3-4', sha256: 5 })],
  ])('takes an entry that holds %s for none', async (_, text) => {
    await writeFile(layout.metadata('a.zip'), text);

    expect(await cache.load('a.zip', '1-2-3-4')).toBeUndefined();
  });

  it('waits for nobody and reads little where an entry is something else', async () => {
    const path = layout.metadata('a.zip');
    const large = join(layout.root, 'large');
    await writeFile(large, JSON.stringify({ name: 'a.zip', fingerprint: '1-2-3-4', sha256: SHA256 }));
    const strangers = [
      () => execFileSync('mkfifo', [path]),
      () => mkdir(path),
      () => symlink(large, path),
      () => execFileSync('truncate', ['-s', '1G', path]),
    ];
    for (const make of strangers) {
      await make();
      expect(await cache.load('a.zip', '1-2-3-4')).toBeUndefined();
      await rm(path, { recursive: true });
    }
  });

  it('forgets what is removed', async () => {
    await cache.save('a.zip', '1-2-3-4', SHA256);
    await cache.forget('a.zip');
    await cache.forget('a.zip');

    expect(await cache.load('a.zip', '1-2-3-4')).toBeUndefined();
    expect(await readdir(layout.meta)).toEqual([]);
  });

  it('drops the entries of packages that are gone, and drafts', async () => {
    await cache.save('a.zip', '1-2-3-4', SHA256);
    await cache.save('b.zip', '1-2-3-4', SHA256);
    await writeFile(`${layout.metadata('a.zip')}.${randomUUID()}`, '{');

    await cache.keepOnly(['a.zip', 'new.zip']);

    expect(await readdir(layout.meta)).toEqual([basename(layout.metadata('a.zip'))]);
    expect(await cache.load('a.zip', '1-2-3-4')).toBe(SHA256);
  });

  it('never removes what is not named as its entries are', async () => {
    const strangers = ['thesis.docx', `${'a'.repeat(64)}.json.bak`, `${'A'.repeat(64)}.json`, 'a.json'];
    for (const name of strangers) await writeFile(join(layout.meta, name), 'precious');

    await cache.keepOnly([]);

    expect((await readdir(layout.meta)).toSorted()).toEqual(strangers.toSorted());
  });

  it('never has half an entry, however many write one at once', async () => {
    const digests = Array.from({ length: 30 }, (_, at) => (at + 10).toString(16).padStart(64, '0'));
    await Promise.all(digests.map((digest) => cache.save('a.zip', '1-2-3-4', digest)));

    expect(digests).toContain(await cache.load('a.zip', '1-2-3-4'));
    expect(await readdir(layout.meta)).toHaveLength(1);
  });

  it('is only a cache: what cannot be written or read does not fail', async () => {
    await rm(layout.meta, { recursive: true });
    await writeFile(layout.meta, 'in the way');

    await expect(cache.save('a.zip', '1-2-3-4', SHA256)).resolves.toBeUndefined();
    await expect(cache.load('a.zip', '1-2-3-4')).resolves.toBeUndefined();
    await expect(cache.forget('a.zip')).resolves.toBeUndefined();
    await expect(cache.keepOnly([])).resolves.toBeUndefined();
  });

  it('reads, and changes nothing, when it is read-only', async () => {
    await cache.save('a.zip', '1-2-3-4', SHA256);
    const before = await readFile(layout.metadata('a.zip'), 'utf8');
    const readOnly = new MetadataCache(layout, true);

    expect(await readOnly.load('a.zip', '1-2-3-4')).toBe(SHA256);
    await readOnly.save('a.zip', '4-5-6-7', SHA256);
    await readOnly.forget('a.zip');
    await readOnly.keepOnly([]);

    expect(await readFile(layout.metadata('a.zip'), 'utf8')).toBe(before);
  });
});
