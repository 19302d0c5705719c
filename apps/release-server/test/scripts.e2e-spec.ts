import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { load } from 'js-yaml';

import { get, names, put, sha256 } from './support/client.js';
import { startServer, TOKEN, type TestServer } from './support/server.js';

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs one of the scripts under `sh`, as a user's CI does. */
async function run(
  script: string,
  args: string[],
  environment: Record<string, string> = {},
  directory = 'scripts',
): Promise<Outcome> {
  const env = { PATH: process.env['PATH'] ?? '', ...environment };
  const child = spawn('sh', [resolve(directory, script), ...args], { env });
  const outcome: Outcome = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (outcome.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (outcome.stderr += chunk.toString()));
  [outcome.code] = (await once(child, 'close')) as [number | null];
  return outcome;
}

describe('the scripts', () => {
  let server: TestServer;
  let directory: string;
  let environment: Record<string, string>;

  beforeEach(async () => {
    server = await startServer();
    directory = await mkdtemp(join(tmpdir(), 'scripts-'));
    environment = { RELEASE_SERVER_URL: server.url, RELEASE_SERVER_TOKEN: TOKEN };
  });

  afterEach(async () => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const file = async (name: string, content: string | Buffer): Promise<string> => {
    const path = join(directory, name);
    await writeFile(path, content);
    return path;
  };

  describe('upload.sh', () => {
    it('publishes many files, whatever their names, and tells their digests', async () => {
      const paths = [await file('a.zip', 'one'), await file('b+c~d@e.zip', 'two')];
      const { code, stdout, stderr } = await run('upload.sh', paths, environment);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toBe(
        `a.zip: published, sha256 ${sha256('one')}\nb+c~d@e.zip: published, sha256 ${sha256('two')}\n`,
      );
      expect(await names(server)).toEqual(['b+c~d@e.zip', 'a.zip']);
    });

    it('takes the same bytes for a success, other bytes for a failure, and replaces when forced', async () => {
      await put(server, 'a.zip', 'one');
      const same = await run('upload.sh', [await file('a.zip', 'one')], environment);
      expect([same.code, same.stdout]).toEqual([
        0,
        `a.zip: stored already with the same bytes, sha256 ${sha256('one')}\n`,
      ]);
      const path = await file('a.zip', 'two');
      const other = await run('upload.sh', [path], environment);
      expect([other.code, other.stdout]).toEqual([1, '']);
      expect(other.stderr).toContain(`sha256:${sha256('one')}`);
      const forced = await run('upload.sh', ['-f', path], environment);
      expect([forced.code, forced.stdout]).toEqual([0, `a.zip: replaced, sha256 ${sha256('two')}\n`]);
      expect(await (await get(server, '/assets/a.zip')).text()).toBe('two');
    });

    it('goes on after a file that fails, and exits with 1', async () => {
      const paths = [join(directory, 'missing.zip'), await file('.hidden', 'x'), await file('a.zip', 'one')];
      const { code, stdout, stderr } = await run('upload.sh', paths, environment);
      expect(code).toBe(1);
      expect(stdout).toBe(`a.zip: published, sha256 ${sha256('one')}\n`);
      expect(stderr).toContain('missing.zip: not a readable file\n');
      expect(stderr).toMatch(/\.hidden: 400 This is not a package name/);
    });

    it("tells the server's reason for a wrong token, and its own for none", async () => {
      const path = await file('a.zip', 'one');
      const wrong = await run('upload.sh', ['-t', 'wrong', path], environment);
      expect([wrong.code, wrong.stderr]).toEqual([1, 'a.zip: 401 The token is not valid.\n']);
      const none = await run('upload.sh', [path], { RELEASE_SERVER_URL: server.url });
      expect([none.code, none.stderr]).toEqual([
        2,
        'upload.sh: no token: set RELEASE_SERVER_TOKEN or give --token\n',
      ]);
      expect(await names(server)).toEqual([]);
    });

    it('tells that nobody listens', async () => {
      const path = await file('a.zip', 'one');
      const { code, stderr } = await run('upload.sh', ['-u', 'http://127.0.0.1:1/', path], environment);
      expect(code).toBe(1);
      expect(stderr).toContain('a.zip: http://127.0.0.1:1 cannot be reached\n');
    });

    it('uploads 100 MiB', async () => {
      const { code, stdout } = await run(
        'upload.sh',
        [await file('big.bin', Buffer.alloc(100 * 1024 * 1024, 'x'))],
        environment,
      );
      expect([code, stdout.startsWith('big.bin: published')]).toEqual([0, true]);
    });

    it('keeps the token off the command lines of its children', async () => {
      // A curl of our own tells how it was called.
      const log = join(directory, 'called');
      await file('curl', `#!/bin/sh\nprintf '%s\\n' "$@" >'${log}'\ncat >>'${log}.stdin'\nprintf 201\n`);
      await chmod(join(directory, 'curl'), 0o755);
      await run('upload.sh', [await file('a.zip', 'one')], {
        ...environment,
        RELEASE_SERVER_TOKEN: 'to"k\\en',
        PATH: `${directory}:${process.env['PATH'] ?? ''}`,
      });
      expect(await readFile(log, 'utf8')).not.toContain('to"k');
      expect(await readFile(`${log}.stdin`, 'utf8')).toBe('header = "Authorization: Bearer to\\"k\\\\en"\n');
    });
  });

  describe('delete.sh', () => {
    it('deletes, and tells what is not there', async () => {
      await put(server, 'a+b.zip', 'one');
      const { code, stdout, stderr } = await run('delete.sh', ['a+b.zip', 'missing.zip'], environment);
      expect(code).toBe(1);
      expect(stdout).toBe('a+b.zip: deleted\n');
      expect(stderr).toBe('missing.zip: 404 There is no package named missing.zip.\n');
      expect(await names(server)).toEqual([]);
    });

    it('tells that nobody listens', async () => {
      const { code, stderr } = await run('delete.sh', ['--url', 'http://127.0.0.1:1', 'a.zip'], environment);
      expect(code).toBe(1);
      expect(stderr).toContain('cannot be reached');
    });
  });

  it.each(['upload.sh', 'delete.sh'])(
    '%s explains itself, and what it does not understand',
    async (script) => {
      const help = await run(script, ['--help']);
      expect([help.code, help.stdout.startsWith(`usage: ${script}`)]).toEqual([0, true]);
      expect((await run(script, ['--nonsense'])).code).toBe(2);
      expect((await run(script, [], environment)).code).toBe(2);
      expect((await run(script, ['-u'])).stderr).toBe(`${script}: -u needs a value\n`);
    },
  );
});

describe('a release', () => {
  it('has one version, wherever it is written', async () => {
    const read = async (path: string): Promise<unknown> => load(await readFile(path, 'utf8'));
    const { version } = (await read('package.json')) as { version: string };
    expect(await read('contracts/openapi.yaml')).toMatchObject({ info: { version } });
    expect(await read('charts/release-server/Chart.yaml')).toMatchObject({ version, appVersion: version });
  });

  describe('release-notes.sh', () => {
    let directory: string;

    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'notes-'));
      await mkdir(join(directory, 'scripts'));
      await copyFile('scripts/release-notes.sh', join(directory, 'scripts/release-notes.sh'));
      await writeFile(
        join(directory, 'CHANGELOG.md'),
        '# Changelog\n\n## [Unreleased]\n\n## [1.10.0] - 2026-02-01\n\n### Added\n\n- ten\n\n## [1.1.0] - 2026-01-01\n\n- one\n\n[1.1.0]: https://x.example\n',
      );
    });

    afterEach(() => rm(directory, { recursive: true }));

    const notes = (version: string): Promise<Outcome> =>
      run('release-notes.sh', [version], {}, join(directory, 'scripts'));

    it('prints what the changelog says of a version', async () => {
      expect(await notes('1.10.0')).toEqual({ code: 0, stdout: '### Added\n\n- ten\n', stderr: '' });
      expect(await notes('1.1.0')).toEqual({ code: 0, stdout: '- one\n', stderr: '' });
    });

    it.each(['1.1', '1.1.0-rc.1', '1x1.0', 'Unreleased'])(
      'refuses %s, of which it says nothing',
      async (version) => {
        const { code, stdout, stderr } = await notes(version);
        expect([code, stdout]).toEqual([1, '']);
        expect(stderr).toContain(`has no section "## [${version}]"`);
      },
    );
  });
});
