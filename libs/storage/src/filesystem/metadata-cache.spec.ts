import { execFileSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Owner } from '../staging/owner.js';
import { tagOfDead } from '../testing/owners.js';
import { until } from '../testing/packages.js';
import { QuickCalls } from '../quick-calls.js';
import { Layout } from './layout.js';
import { MetadataCache } from './metadata-cache.js';

const SHA256 = 'ab'.repeat(32);
const OTHER = 'cd'.repeat(32);
const RECORD = { name: 'a.zip', fingerprint: '1-2-3-4', sha256: SHA256 };

describe('MetadataCache', () => {
  let layout: Layout;
  let cache: MetadataCache;
  const owners: Owner[] = [];
  const caches: MetadataCache[] = [];

  beforeEach(async () => {
    layout = new Layout(await mkdtemp(join(tmpdir(), 'metadata-cache-')));
    await mkdir(layout.meta, { recursive: true });
    cache = open();
  });

  afterEach(async () => {
    for (const one of caches.splice(0)) await one.close();
    for (const owner of owners.splice(0)) owner.release();
    await rm(layout.root, { recursive: true, force: true });
  });

  /** As another process has it. */
  function open(readOnly = false): MetadataCache {
    const owner = new Owner();
    owners.push(owner);
    const opened = new MetadataCache(layout, owner.tag, readOnly, new QuickCalls());
    caches.push(opened);
    return opened;
  }

  /** All lines of all logs. */
  async function lines(): Promise<string[]> {
    const files = (await readdir(layout.meta)).toSorted();
    const texts = await Promise.all(files.map((file) => readFile(join(layout.meta, file), 'utf8')));
    return texts.join('').split('\n').filter(Boolean);
  }

  const logOfDead = (): string => join(layout.meta, `${tagOfDead()}.digests`);
  /** Of versions that kept a file for each package. */
  const oldEntry = (name: string): string =>
    join(layout.meta, `${createHash('sha256').update(name).digest('hex')}.json`);
  const namesOf = (records: readonly string[]): string[] =>
    records.map((line) => (JSON.parse(line) as { name: string }).name);

  it('remembers a digest beyond the process that learnt it', async () => {
    await cache.save('a.zip', '1-2-3-4', SHA256);

    expect(await cache.load('a.zip', '1-2-3-4')).toBe(SHA256);
    expect(await open().load('a.zip', '1-2-3-4')).toBe(SHA256);
    await cache.close();
    expect(await open().load('a.zip', '1-2-3-4')).toBe(SHA256);
  });

  // Mutant: the log stays open, so that the file system cannot be made read-only.
  it('closes its log when nothing was written for a while, and opens it again', async () => {
    const openFiles = async (): Promise<string[]> => {
      const descriptors = await readdir('/proc/self/fd');
      const files = descriptors.map((one) => readlink(join('/proc/self/fd', one)).catch(() => ''));
      return (await Promise.all(files)).filter((file) => file.startsWith(`${layout.meta}/`));
    };
    for (const fingerprint of ['1-2-3-4', '1-2-3-5']) {
      await cache.save('a.zip', fingerprint, SHA256);
      await until('it is closed', async () => (await openFiles()).length === 0);
      expect(await open().load('a.zip', fingerprint)).toBe(SHA256);
    }
  });

  it('tells another process what it has learnt since that looked', async () => {
    const other = open();
    await cache.save('a.zip', '1-2-3-4', SHA256);
    expect(await other.load('a.zip', '1-2-3-4')).toBe(SHA256);
    await cache.save('a.zip', '1-2-3-5', OTHER, true);

    expect(await other.load('a.zip', '1-2-3-6')).toBe(OTHER);
    expect(other.known('a.zip', '1-2-3-4')).toBeUndefined();
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

    for (const one of [cache, open()]) {
      for (const later of [0n, 1n, second])
        expect(await one.load('a.zip', fingerprint(at + later))).toBe(SHA256);
      for (const other of [-1n, 3n * second]) {
        expect(await one.load('a.zip', fingerprint(at + other))).toBeUndefined();
      }
      expect(await one.load('a.zip', `1-2-4-${at.toString(16)}`)).toBeUndefined();
    }
    await cache.save('a.zip', fingerprint(at), SHA256);
    expect(await cache.load('a.zip', fingerprint(at + 1n))).toBeUndefined();
  });

  it('keeps the last revision of a name, also of those that several processes have written down', async () => {
    await cache.save('a.zip', '1-2-3-4', SHA256);
    await cache.save('a.zip', '4-5-6-7', OTHER);
    await open().save('a.zip', '1-2-3-5', SHA256);

    expect(await cache.load('a.zip', '1-2-3-4')).toBeUndefined();
    expect(await cache.load('a.zip', '4-5-6-7')).toBe(OTHER);
    expect(await open().load('a.zip', '4-5-6-7')).toBe(OTHER);
  });

  it.each([
    ['nothing', ''],
    ['half of a record', '{"name":"a.zip","fingerpr'],
    ['null', 'null'],
    ['a string', '"a.zip"'],
    ['another name', JSON.stringify({ ...RECORD, name: 'b.zip' })],
    ['a fingerprint that is none', JSON.stringify({ ...RECORD, fingerprint: '1-2-3' })],
    ['no fingerprint', JSON.stringify({ name: 'a.zip', sha256: SHA256 })],
    ['a digest that is none', JSON.stringify({ ...RECORD, sha256: '../x' })],
    ['a digest in capitals', JSON.stringify({ ...RECORD, sha256: 'AB'.repeat(32) })],
    ['a number for a digest', JSON.stringify({ ...RECORD, sha256: 5 })],
    ['more than a record has', JSON.stringify({ ...RECORD, more: 'x'.repeat(1000) })],
  ])('takes a line that holds %s for none, and reads those around it', async (_, line) => {
    const next = JSON.stringify({ ...RECORD, name: 'next.zip' });
    await writeFile(logOfDead(), `${line}\n${next}\n`);

    expect(await cache.load('a.zip', '1-2-3-4')).toBeUndefined();
    expect(cache.known('next.zip', '1-2-3-4')).toBe(SHA256);
  });

  // Mutant: what is no whole line yet is never read again.
  it('reads a line once it is ended', async () => {
    const [line, log] = [JSON.stringify(RECORD), logOfDead()];
    await writeFile(log, line.slice(0, 30));
    expect(await cache.load('a.zip', '1-2-3-4')).toBeUndefined();
    await appendFile(log, line.slice(30));
    expect(await cache.load('a.zip', '1-2-3-4')).toBeUndefined();
    await appendFile(log, '\n');

    expect(await cache.load('a.zip', '1-2-3-4')).toBe(SHA256);
  });

  it('reads logs of any length, and from the beginning again once one has been replaced', async () => {
    const log = logOfDead();
    const records = Array.from({ length: 5000 }, (_, at) => ({ ...RECORD, name: `${at}.zip` }));
    await writeFile(log, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    await cache.catchUp();
    expect(records.every(({ name }) => cache.known(name, '1-2-3-4') === SHA256)).toBe(true);

    await rm(log);
    await writeFile(log, `${JSON.stringify({ ...RECORD, name: 'new.zip' })}\n`);
    expect(await cache.load('new.zip', '1-2-3-4')).toBe(SHA256);
  });

  it.each([
    ['log', (): string => logOfDead()],
    ['file of a package as earlier versions kept it', (): string => oldEntry('a.zip')],
  ])('waits for nobody and reads little where a %s is something else', async (_, pathOf) => {
    const large = join(layout.root, 'large');
    await writeFile(large, `${JSON.stringify(RECORD)}\n`);
    const strangers: ((path: string) => unknown)[] = [
      (path) => execFileSync('mkfifo', [path]),
      (path) => mkdir(path),
      (path) => symlink(large, path),
      (path) => execFileSync('truncate', ['-s', '1G', path]),
    ];
    for (const make of strangers) {
      const path = pathOf();
      await make(path);
      expect(await open().load('a.zip', '1-2-3-4')).toBeUndefined();
      await rm(path, { recursive: true });
    }
  });

  it('forgets what is removed', async () => {
    await cache.save('a.zip', '1-2-3-4', SHA256);
    cache.forget('a.zip');
    cache.forget('a.zip');

    expect(await cache.load('a.zip', '1-2-3-4')).toBeUndefined();
  });

  // Mutant: what others have written is removed, and not taken over.
  it('takes over what processes that are gone have written, without packages that are gone, and their drafts', async () => {
    const [dead, living] = [logOfDead(), open()];
    const records = ['a.zip', 'gone.zip'].map((name) => `${JSON.stringify({ ...RECORD, name })}\n`);
    await writeFile(dead, records.join(''));
    await writeFile(`${logOfDead()}.${randomUUID()}`, 'half');
    await living.save('b.zip', '1-2-3-4', OTHER);

    await cache.catchUp();
    await cache.keepOnly((name) => ['a.zip', 'b.zip', 'new.zip'].includes(name));

    expect(await readdir(layout.meta)).toHaveLength(2);
    expect(namesOf(await lines()).toSorted()).toEqual(['a.zip', 'b.zip', 'b.zip']);
    await Promise.all([cache.close(), living.close()]);
    expect(await open().load('a.zip', '1-2-3-4')).toBe(SHA256);
  });

  it('takes over the files that earlier versions kept, and their drafts', async () => {
    await writeFile(oldEntry('a.zip'), JSON.stringify(RECORD));
    await writeFile(oldEntry('gone.zip'), JSON.stringify({ ...RECORD, name: 'gone.zip' }));
    await writeFile(`${oldEntry('a.zip')}.${randomUUID()}`, '{');

    await cache.catchUp();
    expect(cache.known('a.zip', '1-2-3-4')).toBe(SHA256);
    await cache.keepOnly((name) => name === 'a.zip');

    expect(await readdir(layout.meta)).toHaveLength(1);
    expect(namesOf(await lines())).toEqual(['a.zip']);
  });

  it('writes nothing at a start at which there is nothing to take over', async () => {
    await open().save('a.zip', '1-2-3-4', SHA256);
    await cache.catchUp();
    await cache.keepOnly(() => false);

    expect(await readdir(layout.meta)).toHaveLength(1);
  });

  // Mutant: a log grows for as long as its process runs.
  it('keeps its log as long as there are packages, however often they are overwritten', async () => {
    for (let at = 0; at < 3000; at++) void cache.save(`${at % 10}.zip`, `1-2-3-${at.toString(16)}`, SHA256);
    for (let at = 0; at < 50; at++) await cache.save('a.zip', `1-2-3-${at}`, SHA256);

    expect((await lines()).length).toBeLessThan(100);
    expect(await readdir(layout.meta)).toHaveLength(1);
    for (const name of ['9.zip', 'a.zip']) expect(namesOf(await lines())).toContain(name);
    expect(await open().load('9.zip', `1-2-3-${(2999).toString(16)}`)).toBe(SHA256);
  });

  it('writes what comes while it writes together', async () => {
    await Promise.all(Array.from({ length: 300 }, (_, at) => cache.save(`${at}.zip`, '1-2-3-4', SHA256)));

    expect(new Set(namesOf(await lines())).size).toBe(300);
  });

  it('has written everything when it is closed', async () => {
    for (const name of ['a.zip', 'b.zip', 'c.zip']) void cache.save(name, '1-2-3-4', SHA256);
    await cache.close();

    expect(namesOf(await lines())).toEqual(['a.zip', 'b.zip', 'c.zip']);
  });

  it('never removes what is not named as its files are', async () => {
    const strangers = [
      'thesis.docx',
      `${'a'.repeat(64)}.json.bak`,
      `${'A'.repeat(64)}.json`,
      'a.json',
      'a.digests',
      `${tagOfDead()}.digests.bak`,
    ];
    for (const name of strangers) await writeFile(join(layout.meta, name), 'precious');

    await cache.keepOnly(() => false);

    expect((await readdir(layout.meta)).toSorted()).toEqual(strangers.toSorted());
  });

  // Mutant: half a line that a full disk left is continued by the next.
  it('is only a cache: what cannot be written or read does not fail, and what comes later is written', async () => {
    await rm(layout.meta, { recursive: true });
    await writeFile(layout.meta, 'in the way');

    await expect(cache.save('a.zip', '1-2-3-4', SHA256)).resolves.toBeUndefined();
    await expect(open().load('a.zip', '1-2-3-4')).resolves.toBeUndefined();
    await expect(cache.keepOnly(() => false)).resolves.toBeUndefined();

    await rm(layout.meta);
    await mkdir(layout.meta);
    await cache.save('b.zip', '1-2-3-4', SHA256);
    expect(await open().load('b.zip', '1-2-3-4')).toBe(SHA256);
  });

  it('reads, and changes nothing, when it is read-only', async () => {
    await cache.save('a.zip', '1-2-3-4', SHA256);
    const before = await lines();
    const readOnly = open(true);

    expect(await readOnly.load('a.zip', '1-2-3-4')).toBe(SHA256);
    await readOnly.save('a.zip', '4-5-6-7', SHA256);
    readOnly.forget('a.zip');
    await readOnly.keepOnly(() => false);
    await readOnly.close();

    expect(await lines()).toEqual(before);
  });
});
