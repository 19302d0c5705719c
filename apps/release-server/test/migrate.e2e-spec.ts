import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { FilesystemPackageStore, type Package } from '#storage';

import { sha256 } from './support/client.js';
import { runCommand, type Ended } from './support/command.js';
import { deadDigestLog, takeDigestLines } from './support/digests.js';
import { removeObjects } from './support/object-store.js';
import { makeDirectory } from './support/process.js';
import { describeOnS3, prefixOf, s3Section, stagedIn } from './support/storage.js';

const YEAR_2020 = Date.UTC(2020, 0, 1, 0, 0, 0, 123);

describe('npm run migrate', () => {
  let directory: Awaited<ReturnType<typeof makeDirectory>>;
  let source: string;
  let target: string;

  beforeEach(async () => {
    directory = await makeDirectory();
    [source, target] = [join(directory.path, 'source'), join(directory.path, 'target')];
    await mkdir(source);
  });

  afterEach(() => directory.remove());

  /** A configuration without a token. */
  async function configFile(name: string, text: string): Promise<string> {
    const path = join(directory.path, `${name}.yaml`);
    await writeFile(path, text);
    return path;
  }

  async function migrate(
    parameters: string[] = [],
    onProgress?: Parameters<typeof runCommand>[3],
  ): Promise<Ended> {
    const from = await configFile('from', `storage_path: ${source}\nmin_free_space: 0\n`);
    const to = await configFile('to', `storage_path: ${target}\nmin_free_space: 0\nmax_packages: null\n`);
    return runCommand('migrate', ['--from', from, '--to', to, ...parameters], {}, onProgress);
  }

  /** Puts a package into a directory by hand, with a time of its own. */
  async function put(path: string, name: string, content: string, at: number): Promise<void> {
    await mkdir(path, { recursive: true });
    await writeFile(join(path, name), content);
    await utimes(join(path, name), (at + 0.5) / 1000, (at + 0.5) / 1000);
  }

  /** As a server has it that has hashed everything. */
  async function packagesIn(path: string): Promise<readonly Package[]> {
    const store = await FilesystemPackageStore.open({ path, minFreeSpace: 0, readOnly: false });
    try {
      for (;;) {
        const list = await store.list();
        if (list.every(({ sha256: digest }) => digest !== undefined)) return list;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    } finally {
      await store.close();
    }
  }

  /** Has the source know another digest than that of the bytes, as where a failing disk has changed them. */
  async function expectOtherBytes(name: string): Promise<void> {
    const lines = (await takeDigestLines(source)).map((line) => {
      const stored = JSON.parse(line) as { name: string };
      return JSON.stringify(stored.name === name ? { ...stored, sha256: sha256('other bytes') } : stored);
    });
    await writeFile(deadDigestLog(source, 0), `${lines.join('\n')}\n`);
  }

  /** Puts a release into the source by hand, with two files. */
  async function putRelease(tag: string, isDraft: boolean): Promise<void> {
    const folder = join(source, encodeURIComponent(tag));
    await put(folder, 'tool-linux', `linux ${tag}`, YEAR_2020);
    await put(folder, 'tool-mac', `mac ${tag}`, YEAR_2020 + 1);
    const record = { tag, isDraft, notes: `New in ${tag}`, createdAt: YEAR_2020, updatedAt: YEAR_2020 };
    await writeFile(join(folder, '.release.json'), JSON.stringify(record));
  }

  /** All packages and records, as a server has them that has hashed everything. */
  async function snapshotOf(path: string): Promise<unknown> {
    await packagesIn(path);
    const store = await FilesystemPackageStore.open({ path, minFreeSpace: 0, readOnly: false });
    const snapshot = await store.snapshot();
    await store.close();
    return snapshot;
  }

  async function namesIn(path: string): Promise<string[]> {
    return (await readdir(path).catch(() => [])).filter((name) => !name.startsWith('.')).toSorted();
  }

  // Mutant: the first write to nobody ends the process.
  it('copies everything when its output cannot be written, and exits with 1', async () => {
    for (const name of ['a.zip', 'b.zip']) await put(source, name, name, YEAR_2020);
    const from = await configFile('from', `storage_path: ${source}\nmin_free_space: 0\n`);
    const to = await configFile('to', `storage_path: ${target}\nmin_free_space: 0\n`);
    const full = openSync('/dev/full', 'a');
    const command = join(process.cwd(), 'dist/apps/release-server/src/commands/migrate.js');
    const child = spawn(process.execPath, [command, '--from', from, '--to', to], {
      stdio: ['ignore', full, full],
    });
    const [code] = (await once(child, 'exit')) as [number | null];
    closeSync(full);

    expect(code).toBe(1);
    expect(await packagesIn(target)).toEqual(await packagesIn(source));
  });

  it('goes on when nobody reads its output any more', async () => {
    for (let at = 0; at < 20; at++) await put(source, `p-${at}.zip`, `${at}`, YEAR_2020 + at);

    const { code } = await migrate([], (_, child) => {
      child.stdout?.destroy();
      child.stderr?.destroy();
    });

    expect(code).toBe(0);
    expect(await namesIn(target)).toHaveLength(20);
  });

  it('copies all packages with names, bytes, times and digests, and changes nothing at the source', async () => {
    await put(source, 'tool-v1.0.0.zip', 'one', YEAR_2020);
    await put(source, 'tool-v2.0.0.zip', 'two', YEAR_2020 + 60_000);
    await put(source, 'large.bin', 'x'.repeat(3_000_000), YEAR_2020 - 1);
    const before = await readdir(source);

    const { code, stdout, stderr } = await migrate();

    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: '3 packages: 3 copied, 0 there already, 0 conflicts, 0 failed.\n',
    });
    expect(stderr.split('\n')).toEqual([
      '[1/3] copied large.bin',
      '[2/3] copied tool-v1.0.0.zip',
      '[3/3] copied tool-v2.0.0.zip',
      '',
    ]);
    expect(await packagesIn(target)).toMatchObject([
      { name: 'tool-v2.0.0.zip', createdAt: YEAR_2020 + 60_000, sha256: sha256(Buffer.from('two')) },
      { name: 'tool-v1.0.0.zip', createdAt: YEAR_2020, sha256: sha256(Buffer.from('one')) },
      { name: 'large.bin', createdAt: YEAR_2020 - 1, size: 3_000_000 },
    ]);
    expect(await readFile(join(target, 'large.bin'), 'utf8')).toBe('x'.repeat(3_000_000));
    expect(await readdir(join(target, '.release-server/incoming'))).toEqual([]);
    expect(await readdir(source)).toEqual(before);
  });

  it('copies releases with what is said of them, and drafts as drafts', async () => {
    await putRelease('v1.0.0', false);
    await putRelease('cli/v2.0.0', true);
    await put(source, 'flat-v1.0.0.zip', 'flat', YEAR_2020 + 2);

    const { code, stdout } = await migrate();
    const again = await migrate();

    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: '5 packages: 5 copied, 0 there already, 0 conflicts, 0 failed.\n',
    });
    expect(again.stdout).toBe('5 packages: 0 copied, 5 there already, 0 conflicts, 0 failed.\n');
    expect(await snapshotOf(target)).toEqual(await snapshotOf(source));
    expect(await snapshotOf(target)).toMatchObject({
      packages: [{ name: 'flat-v1.0.0.zip' }, { name: 'v1.0.0/tool-mac' }, { name: 'v1.0.0/tool-linux' }],
      drafts: [{ name: 'cli%2Fv2.0.0/tool-mac' }, { name: 'cli%2Fv2.0.0/tool-linux' }],
    });
  });

  it('copies nothing a second time', async () => {
    await put(source, 'a.zip', 'a', YEAR_2020);
    await migrate();
    const before = await stat(join(target, 'a.zip'));

    const { code, stdout } = await migrate(['--overwrite']);

    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: '1 package: 0 copied, 1 there already, 0 conflicts, 0 failed.\n',
    });
    expect(await stat(join(target, 'a.zip'))).toEqual(before);
  });

  it('reports what the target has with other bytes or another time, and replaces it only when told to', async () => {
    await put(source, 'bytes.zip', 'new', YEAR_2020);
    await put(source, 'time.zip', 'same', YEAR_2020);
    await put(source, 'free.zip', 'free', YEAR_2020);
    await put(target, 'bytes.zip', 'old', YEAR_2020);
    await put(target, 'time.zip', 'same', YEAR_2020 + 5000);
    await put(target, 'own.zip', 'own', YEAR_2020);

    const refused = await migrate();

    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain('3 packages: 1 copied, 0 there already, 2 conflicts, 0 failed.\n');
    expect(refused.stderr).toContain(
      `conflict bytes.zip: the target has it with the SHA-256 ${sha256(Buffer.from('old'))}\n`,
    );
    expect(refused.stderr).toContain(
      'conflict time.zip: the target has the same bytes with the time 2020-01-01T00:00:05.123Z\n',
    );
    expect(await readFile(join(target, 'bytes.zip'), 'utf8')).toBe('old');

    const { code, stdout } = await migrate(['--overwrite']);

    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: '3 packages: 2 copied, 1 there already, 0 conflicts, 0 failed.\n',
    });
    expect(await readFile(join(target, 'bytes.zip'), 'utf8')).toBe('new');
    expect((await stat(join(target, 'time.zip'))).mtimeMs).toBeCloseTo(YEAR_2020 + 0.5, 0);
    expect(await readFile(join(target, 'own.zip'), 'utf8')).toBe('own');
  });

  // Mutant: the digest that the source remembers is not asked for when its bytes are received.
  it('reports a package whose bytes have changed on the disk, does not copy it, and copies the others', async () => {
    await put(source, 'a.zip', 'aaaa', YEAR_2020);
    await put(source, 'damaged.zip', 'whole', YEAR_2020 + 1);
    await put(source, 'z.zip', 'zzzz', YEAR_2020 + 2);
    await packagesIn(source);
    await expectOtherBytes('damaged.zip');

    const { code, stdout, stderr } = await migrate();

    expect(code).toBe(1);
    expect(stdout).toBe('3 packages: 2 copied, 0 there already, 0 conflicts, 1 failed.\n');
    expect(stderr).toMatch(/^\[2\/3\] failed damaged\.zip: The received bytes have the SHA-256 /m);
    expect(await namesIn(target)).toEqual(['a.zip', 'z.zip']);
    expect(await readdir(join(target, '.release-server/incoming'))).toEqual([]);
  });

  // Mutants: it goes on after the signal; it ends within a package; a second run begins anew.
  it('ends between two of 1,001 packages when it is interrupted, and another run copies the rest', async () => {
    for (let at = 0; at < 1001; at++) await put(source, `p-${at}.zip`, `content ${at}`, YEAR_2020 + at);

    const first = await migrate([], (stderr, child) => {
      if (stderr.includes('copied') && !child.killed) child.kill('SIGINT');
    });

    expect(first.stderr).toContain('SIGINT: ending after this package\n');
    expect(first.code).toBe(130);
    const copied = Number(/(\d+) copied/.exec(first.stdout)?.[1]);
    expect(first.stdout).toContain(`${1001 - copied} left for another run`);
    expect(copied).toBeGreaterThan(0);
    expect(copied).toBeLessThan(1001);
    expect(await namesIn(target)).toHaveLength(copied);
    expect(await readdir(join(target, '.release-server/incoming'))).toEqual([]);

    const second = await migrate();

    expect(second.code).toBe(0);
    expect(second.stdout).toBe(
      `1001 packages: ${1001 - copied} copied, ${copied} there already, 0 conflicts, 0 failed.\n`,
    );
    const order = (await packagesIn(target)).map(({ name }) => name);
    expect(order).toEqual(Array.from({ length: 1001 }, (_, at) => `p-${1000 - at}.zip`));
  }, 120_000);

  it('says where the limit of the target will have packages leave', async () => {
    await put(source, 'a.zip', 'a', YEAR_2020);
    await put(source, 'b.zip', 'b', YEAR_2020);
    const from = await configFile('from', `storage_path: ${source}\n`);
    const to = await configFile('to', `storage_path: ${target}\nmin_free_space: 0\nmax_packages: 1\n`);

    const { code, stderr } = await runCommand('migrate', ['--from', from, '--to', to]);

    expect(code).toBe(0);
    expect(stderr).toContain('the target has 2 packages and its max_packages is 1');
    expect(await namesIn(target)).toEqual(['a.zip', 'b.zip']);
  });

  it('takes its settings from the files only', async () => {
    await put(source, 'a.zip', 'a', YEAR_2020);
    const from = await configFile('from', `storage_path: ${source}\n`);
    const to = await configFile('to', `storage_path: ${target}\nmin_free_space: 0\n`);
    const environment = { STORAGE_PATH: join(directory.path, 'elsewhere'), PORT: 'none' };

    expect((await runCommand('migrate', ['--from', from, '--to', to], environment)).code).toBe(0);
    expect(await namesIn(target)).toEqual(['a.zip']);
  });

  it.each([
    ['without --to', ['--from', 'a.yaml'], 2, 'migrate: both --from and --to are needed; see --help\n'],
    ['with an unknown option', ['--form', 'a.yaml'], 2, "migrate: Unknown option '--form'"],
    [
      'with an option that lacks its value',
      ['--from'],
      2,
      "migrate: Option '--from <value>' argument missing",
    ],
    [
      'with a file that is not there',
      ['--from', '/none.yaml', '--to', '/none.yaml'],
      78,
      '/none.yaml: the configuration file cannot be read',
    ],
  ])('is refused %s', async (_, parameters, code, message) => {
    const ended = await runCommand('migrate', parameters);

    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr).toContain(message);
    expect(ended.stderr.trim().split('\n')).toHaveLength(1);
  });

  it('fails in one line where a store cannot be opened', async () => {
    const from = await configFile('from', `storage_path: ${join(directory.path, 'none')}\n`);
    const to = await configFile('to', `storage_path: ${target}\n`);

    const { code, stderr } = await runCommand('migrate', ['--from', from, '--to', to]);

    expect(code).toBe(1);
    expect(stderr).toMatch(/^migrate: --from: The storage failed: .*ENOENT.*\n$/);
  });

  it('tells what it can do', async () => {
    const { code, stdout, stderr } = await runCommand('migrate', ['--help']);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: migrate --from FILE --to FILE/);
  });

  describeOnS3('with a bucket (needs S3_ENDPOINT: npm run test:s3)', () => {
    afterEach(() => removeObjects(prefixOf(directory.path)));

    it('copies into it and back, with the same names, bytes, times and releases', async () => {
      await put(source, 'a.zip', 'aaaa', YEAR_2020);
      await put(source, 'b.zip', 'b'.repeat(300_000), YEAR_2020 + 1);
      await putRelease('cli/v1.0.0', false);
      await putRelease('v2.0.0', true);
      const from = await configFile('from', `storage_path: ${source}\n`);
      const section = { storage_driver: 's3', s3: s3Section(directory.path), min_free_space: 0 };
      const s3 = await configFile('s3', JSON.stringify(section));
      const to = await configFile('to', `storage_path: ${target}\nmin_free_space: 0\n`);

      const there = await runCommand('migrate', ['--from', from, '--to', s3]);
      const again = await runCommand('migrate', ['--from', from, '--to', s3]);
      const back = await runCommand('migrate', ['--from', s3, '--to', to]);

      const all = '6 packages: 6 copied, 0 there already, 0 conflicts, 0 failed.\n';
      const none = '6 packages: 0 copied, 6 there already, 0 conflicts, 0 failed.\n';
      expect([there, again, back].map(({ stdout }) => stdout)).toEqual([all, none, all]);
      expect([there, again, back].map(({ code }) => code)).toEqual([0, 0, 0]);
      expect(await snapshotOf(target)).toEqual(await snapshotOf(source));
      expect(await stagedIn(directory.path)).toEqual([]);
      expect(await readFile(join(target, 'b.zip'), 'utf8')).toBe('b'.repeat(300_000));
    });
  });
});
