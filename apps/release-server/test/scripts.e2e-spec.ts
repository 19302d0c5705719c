import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { load } from 'js-yaml';

import { get, names, put, sha256 } from './support/client.js';
import { answering, run, runProgram, type Outcome } from './support/scripts.js';
import { startServer, TOKEN, withServer, type TestServer } from './support/server.js';

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
      expect(stderr).toContain('missing.zip: there is no such file\n');
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
      const args = ['-u', 'http://127.0.0.1:1/', '--retries', '0', path];
      const { code, stderr } = await run('upload.sh', args, environment);
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

    it('tries again what may succeed later, and not before Retry-After', async () => {
      const path = await file('a.zip', 'one');
      const busy = {
        status: 503,
        headers: { 'Retry-After': '0' },
        body: '{"detail":"The storage is busy."}',
      };
      const answers = [
        busy,
        { status: 429, headers: { 'retry-after': '1' } },
        { ...busy, status: 502 },
        { ...busy, status: 504 },
        { status: 201, body: `{"sha256":"${sha256('one')}"}` },
      ];
      await answering(answers, async (url, requests) => {
        const started = Date.now();
        const { code, stdout, stderr } = await run('upload.sh', ['-u', url, path], environment);
        expect([code, stdout]).toEqual([0, `a.zip: published, sha256 ${sha256('one')}\n`]);
        expect(stderr).toContain('a.zip: 503 The storage is busy.; trying again in 0 s\n');
        expect(stderr).toContain('a.zip: 429 ; trying again in 1 s\n');
        expect(requests).toHaveLength(5);
        expect(Date.now() - started).toBeGreaterThanOrEqual(1000);
      });
    });

    it('gives up after as many retries as it may, and at once where it would wait too long', async () => {
      const path = await file('a.zip', 'one');
      const busy = {
        status: 503,
        headers: { 'Retry-After': '0' },
        body: '{"detail":"The storage is busy."}',
      };
      await answering([busy], async (url, requests) => {
        const { code, stderr } = await run('upload.sh', ['-u', url, '--retries', '2', path], environment);
        expect([code, requests.length]).toEqual([1, 3]);
        expect(stderr.split('\n').at(-2)).toBe('a.zip: 503 The storage is busy.');
      });
      await answering([{ status: 429, headers: { 'Retry-After': '3600' } }], async (url, requests) => {
        const { code, stderr } = await run('upload.sh', ['-u', url, path], environment);
        expect([code, requests.length]).toEqual([1, 1]);
        expect(stderr).toContain('asks to wait for 3600 seconds');
      });
      const guessed = {
        status: 429,
        headers: { 'Retry-After': '1' },
        body: '{"code":"too_many_attempts","detail":"Too many wrong tokens."}',
      };
      await answering([guessed], async (url, requests) => {
        const { code, stderr } = await run(
          'upload.sh',
          ['-u', url, path, await file('b.zip', 'two')],
          environment,
        );
        expect([code, requests.length]).toEqual([1, 1]);
        expect(stderr).toBe('a.zip: 429 Too many wrong tokens.\n');
      });
    });

    it('tries again when the connection breaks, and takes what was stored by then for a success', async () => {
      const path = await file('a.zip', 'one');
      const exists = { status: 409, body: `{"digest":"sha256:${sha256('one')}"}` };
      await answering([{ status: 0, cut: true }, exists], async (url, requests) => {
        const { code, stdout, stderr } = await run('upload.sh', ['-u', url, path], environment);
        expect([code, requests.length]).toEqual([0, 2]);
        expect(stdout).toContain('stored already with the same bytes');
        expect(stderr).toContain(`${url} cannot be reached; trying again in 1 s`);
      });
    });

    it.each([301, 302, 307, 308])('says where a %d leads, and sends the token nowhere', async (status) => {
      const path = await file('a+b.zip', 'one');
      const Location = 'https://releases.example.com/r/assets/a%2bb.zip';
      await answering([{ status, headers: { Location } }], async (url, requests) => {
        const { code, stderr } = await run('upload.sh', ['-u', url, path], environment);
        expect([code, requests.length]).toEqual([1, 1]);
        expect(stderr).toBe(
          `a+b.zip: ${status} to ${Location}, where the token is not sent; ` +
            'if that is the server, give --url https://releases.example.com/r or set RELEASE_SERVER_URL to it\n',
        );
      });
      await answering([{ status, headers: { Location: '/login' } }], async (url) => {
        const { stderr } = await run('upload.sh', ['-u', url, path], environment);
        expect(stderr).toBe(`a+b.zip: ${status} to ${url}/login, where the token is not sent\n`);
      });
    });

    it('tells what left to make room', async () => {
      await withServer({ max_packages: 2 }, async (full) => {
        await put(full, 'old-1.zip', '1');
        await put(full, 'old-2.zip', '2');
        const paths = [await file('a.zip', 'one'), await file('b.zip', 'two')];
        const { code, stdout } = await run('upload.sh', ['-u', full.url, ...paths], environment);
        expect([code, stdout.split('\n')]).toEqual([
          0,
          [
            `a.zip: published, sha256 ${sha256('one')}`,
            'a.zip: made room by removing old-1.zip',
            `b.zip: published, sha256 ${sha256('two')}`,
            'b.zip: made room by removing old-2.zip',
            '',
          ],
        ]);
      });
      const evicted = ['x-1.zip', 'x-2.zip'].map((name) => ({ name, size: 1, digest: null }));
      const body = JSON.stringify({ name: 'a.zip', sha256: sha256('one'), evicted });
      await answering([{ status: 201, body }], async (url) => {
        const { stdout } = await run('upload.sh', ['-u', url, await file('a.zip', 'one')], environment);
        expect(stdout).toContain(`sha256 ${sha256('one')}\na.zip: made room by removing x-1.zip x-2.zip\n`);
      });
    });

    it('tries no further file when the token is refused', async () => {
      const paths = [await file('a.zip', 'one'), await file('b.zip', 'two')];
      const { code, stderr } = await run('upload.sh', ['-t', 'wrong', ...paths], environment);
      expect([code, stderr]).toEqual([1, 'a.zip: 401 The token is not valid.\n']);
    });

    it('takes a token and an address as they are meant, with a line break behind them', async () => {
      const { code, stderr } = await run('upload.sh', [await file('a.zip', 'one')], {
        RELEASE_SERVER_URL: `${server.url}//\r\n`,
        RELEASE_SERVER_TOKEN: `${TOKEN}\r\n\n`,
      });
      expect([code, stderr]).toEqual([0, '']);
    });

    it.each([' token', 'token ', 'to ken', 'to\nken', 'to\rken', 'tökën', '\n'])(
      'refuses %j, which is no token',
      async (token) => {
        const path = await file('a.zip', 'one');
        const env = { ...environment, RELEASE_SERVER_TOKEN: token };
        const { code, stdout, stderr } = await run('upload.sh', [path], env);
        expect([code, stdout]).toEqual([2, '']);
        expect(stderr).toBe(
          'upload.sh: the token has a space, a line break or another character that no token has\n',
        );
        expect(await names(server)).toEqual([]);
      },
    );

    it.each([
      '-o/tmp/pwned',
      '--config=/etc/passwd',
      'file:///etc/passwd',
      'x.example',
      'http://',
      'http://a b/',
    ])('refuses %j, which is no address', async (url) => {
      const path = await file('a.zip', 'one');
      for (const args of [['--url', url, path], [path]]) {
        const env = { ...environment, RELEASE_SERVER_URL: url };
        const { code, stderr } = await run('upload.sh', args, env);
        expect([code, stderr]).toEqual([2, expect.stringContaining(url)]);
      }
    });

    it('refuses two files of one name before anything is published, and takes one that is named twice', async () => {
      await mkdir(join(directory, 'x'));
      const [one, two] = [await file('a.zip', 'one'), await file('x/a.zip', 'two')];
      const { code, stderr } = await run(
        'upload.sh',
        ['-f', await file('b.zip', 'b'), one, two],
        environment,
      );
      expect([code, stderr]).toEqual([
        2,
        `upload.sh: two files would be published as a.zip, and one of them is ${two}\n`,
      ]);
      expect(await names(server)).toEqual([]);
      const { stdout } = await run('upload.sh', [one, one], environment);
      expect(stdout).toBe(`a.zip: published, sha256 ${sha256('one')}\n`);
    });

    it('says what cannot be published, and publishes files with odd names', async () => {
      await mkdir(join(directory, 'd.zip'));
      const args = [
        '--',
        join(directory, 'd.zip'),
        await file('empty.zip', ''),
        '-',
        '-a.zip',
        'x{a,b}[1-2].zip',
      ];
      for (const name of ['-', '-a.zip', 'x{a,b}[1-2].zip']) await file(name, 'one');
      const { code, stdout, stderr } = await runProgram(
        'sh',
        [resolve('scripts/upload.sh'), ...args],
        environment,
        directory,
      );
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr.split('\n')).toEqual([
        `${args[1]}: is a directory; give the files in it`,
        `${args[2]}: is empty, and an empty package cannot be published`,
        expect.stringMatching(/^-: 400 This is not a package name/),
        expect.stringMatching(/^-a\.zip: 400 This is not a package name/),
        expect.stringMatching(/^x\{a,b\}\[1-2\]\.zip: 400 This is not a package name/),
        '',
      ]);
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

    it('tries again, and takes it for done when an attempt whose answer was lost has done it', async () => {
      const gone = { status: 404, body: '{"detail":"There is none.","code":"package_not_found"}' };
      await answering([{ status: 0, cut: true }, gone], async (url, requests) => {
        const { code, stdout } = await run('delete.sh', ['-u', url, 'a.zip'], environment);
        expect([code, stdout, requests.length]).toEqual([0, 'a.zip: is not there any more\n', 2]);
      });
      await answering([gone], async (url) => {
        const { code, stderr } = await run('delete.sh', ['-u', url, 'a.zip'], environment);
        expect([code, stderr]).toEqual([1, 'a.zip: 404 There is none.\n']);
      });
    });

    it('tells that nobody listens', async () => {
      const args = ['--url', 'http://127.0.0.1:1', '--retries', '0', 'a.zip'];
      const { code, stderr } = await run('delete.sh', args, environment);
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

  it('have one way to ask the server', async () => {
    const common = async (script: string) =>
      /^# -{80,}\n[^]*?^# -{80,}\n/m.exec(await readFile(join('scripts', script), 'utf8'))?.[0];
    expect(await common('upload.sh')).toBeDefined();
    expect(await common('delete.sh')).toBe(await common('upload.sh'));
  });

  describe('the action that publishes', () => {
    /** Runs its script as GitHub does, in the directory of the test. */
    async function publish(
      files: string,
      force = 'false',
      inputs: Record<string, string> = {},
    ): Promise<Outcome> {
      const { runs } = load(await readFile('.github/actions/publish/action.yml', 'utf8')) as {
        runs: { steps: { run: string }[] };
      };
      const script = await file('.action.sh', runs.steps[0]?.run ?? '');
      return runProgram(
        'bash',
        ['--noprofile', '--norc', '-eo', 'pipefail', script],
        {
          ...environment,
          // What an action gets of inputs that are not given.
          AUDIENCE: '',
          RELEASE: '',
          TITLE: '',
          NOTES: '',
          PRERELEASE: 'false',
          DRAFT: 'false',
          FILES: files,
          FORCE: force,
          UPLOAD: resolve('scripts/upload.sh'),
          ...inputs,
        },
        directory,
      );
    }

    beforeEach(async () => {
      await mkdir(join(directory, 'dist/linux/x64'), { recursive: true });
      await file('dist/a.zip', 'a');
      await file('dist/linux/b.zip', 'b');
      await file('dist/linux/x64/c.zip', 'c');
      await file('dist/linux/x64/notes.txt', 'n');
    });

    it('takes ** for all levels of directories', async () => {
      const { code, stderr } = await publish('dist/**/*.zip');
      expect([code, stderr]).toEqual([0, '']);
      expect((await names(server)).toSorted()).toEqual(['a.zip', 'b.zip', 'c.zip']);
    });

    it('publishes a release as a whole, or leaves its draft', async () => {
      await file('notes with spaces.md', 'What is new');
      const inputs = {
        RELEASE: 'v1',
        TITLE: 'First $(one)',
        NOTES: 'notes with spaces.md',
        PRERELEASE: 'true',
      };
      const draft = await publish('dist/a.zip', 'false', { RELEASE: 'v1', DRAFT: 'true' });
      expect([draft.code, draft.stderr, await names(server)]).toEqual([0, '', []]);
      const { code, stderr } = await publish('dist/**/*.zip', 'false', inputs);
      expect([code, stderr]).toEqual([0, '']);
      expect((await names(server)).toSorted()).toEqual(['a.zip', 'b.zip', 'c.zip']);
      const headers = { Authorization: `Bearer ${TOKEN}` };
      const release = await fetch(`${server.url}/releases/v1`, { method: 'PATCH', headers, body: '{}' });
      expect(await release.json()).toMatchObject({
        title: 'First $(one)',
        notes: 'What is new',
        draft: false,
        prerelease: true,
      });
    });

    describe('without a token', () => {
      const inputs = (url: string, more: Record<string, string> = {}): Record<string, string> => ({
        RELEASE_SERVER_TOKEN: '',
        ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/token?api-version=2.0`,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'of-the-runner',
        ...more,
      });

      const queryOf = ([request = '']: string[]): Record<string, string> =>
        Object.fromEntries(new URL(request.split(' ')[1] ?? '', 'http://x').searchParams);

      it("publishes with GitHub's own for this server, and hides it in the log of the job", async () => {
        await answering([{ status: 200, body: `{"count":1,"value":"${TOKEN}"}` }], async (url, requests) => {
          const more = { RELEASE_SERVER_URL: `${server.url}//` };
          const { code, stdout, stderr } = await publish('dist/a.zip', 'false', inputs(url, more));
          expect([code, stderr]).toEqual([0, '']);
          expect(stdout.split('\n')[0]).toBe(`::add-mask::${TOKEN}`);
          expect(stdout.split(TOKEN)).toHaveLength(2);
          expect(requests).toEqual([expect.stringMatching(/^GET .* Bearer of-the-runner$/)]);
          expect(queryOf(requests)).toEqual({ 'api-version': '2.0', audience: server.url });
        });
        expect(await names(server)).toEqual(['a.zip']);
      });

      it('asks for the audience that it is given', async () => {
        await answering([{ status: 200, body: `{"value": "${TOKEN}"}` }], async (url, requests) => {
          await publish('dist/a.zip', 'false', inputs(url, { AUDIENCE: 'https://a.example/?x&y' }));
          expect(queryOf(requests)).toMatchObject({ audience: 'https://a.example/?x&y' });
        });
      });

      it.each([
        ['refuses', { status: 403, body: 'no' }],
        ['answers otherwise', { status: 200, body: '{"value":""}' }],
      ])('fails when GitHub %s', async (_, answer) => {
        await answering([answer], async (url) => {
          const { code, stdout } = await publish('dist/a.zip', 'false', inputs(url));
          expect([code, stdout]).toEqual([1, '::error::GitHub gave no id token to this job\n']);
        });
      });

      it('says which permission the job lacks', async () => {
        expect(await publish('dist/a.zip', 'false', { RELEASE_SERVER_TOKEN: '' })).toEqual({
          code: 1,
          stdout:
            '::error::there is no token: give the input token, or the job the permission id-token: write\n',
          stderr: '',
        });
      });
    });

    it('has the inputs that its script reads', async () => {
      const { inputs, runs } = load(await readFile('.github/actions/publish/action.yml', 'utf8')) as {
        inputs: Record<string, { default?: string }>;
        runs: { steps: { env: Record<string, string>; run: string }[] };
      };
      const [{ env, run: script } = { env: {}, run: '' }] = runs.steps;
      for (const [variable, value] of Object.entries(env)) {
        const input = /^\$\{\{ inputs\.(\w+) \}\}$/.exec(value)?.[1];
        if (input !== undefined) expect(inputs).toHaveProperty(input);
        if (!variable.startsWith('RELEASE_SERVER_')) expect(script).toContain(`$${variable}`);
      }
      expect(Object.values(env).join()).toContain('inputs.release }}');
    });

    it('takes many lines, with spaces and line breaks of other systems, and each file once', async () => {
      await file('dist/two words.zip', 'w');
      const { code, stdout, stderr } = await publish('  dist/*.zip \r\n\n  dist/**  \n dist/two words.zip\n');
      expect([code, stderr]).toEqual([1, expect.stringMatching(/^two words\.zip: 400 [^\n]*\n$/)]);
      expect(stdout.match(/published/g)).toHaveLength(4);
    });

    it.each([
      ['dist/**/*.tgz', 'no file matches dist/**/*.tgz'],
      ['dist/*.zip\nmissing%.zip', 'no file matches missing%25.zip'],
      ['dist/linux', 'dist/linux is a directory; dist/linux/**/* are the files in it'],
      [' \n', 'no file is named by the input files'],
    ])('fails with what nothing matches: %j', async (files, reason) => {
      expect(await publish(files)).toEqual({ code: 1, stdout: `::error::${reason}\n`, stderr: '' });
      expect(await names(server)).toEqual([]);
    });

    it('refuses two files of one name, also where one may replace the other', async () => {
      await file('dist/linux/a.zip', 'other');
      const { code, stderr } = await publish('dist/**/*.zip', 'true');
      expect([code, stderr]).toEqual([2, expect.stringContaining('two files would be published as a.zip')]);
      expect(await names(server)).toEqual([]);
    });

    it('takes names that begin with a dash or look like a pattern', async () => {
      await file('-a[1].zip', 'x');
      const { code, stderr } = await publish('-a[1].zip');
      expect([code, stderr]).toEqual([1, expect.stringMatching(/^-a\[1\]\.zip: 400 /)]);
    });
  });
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
      await mkdir(join(directory, 'tools'));
      await copyFile('tools/release-notes.sh', join(directory, 'tools/release-notes.sh'));
      await writeFile(
        join(directory, 'CHANGELOG.md'),
        '# Changelog\n\n## [Unreleased]\n\n## [1.10.0] - 2026-02-01\n\n### Added\n\n- ten\n\n## [1.1.0] - 2026-01-01\n\n- one\n\n[1.1.0]: https://x.example\n',
      );
    });

    afterEach(() => rm(directory, { recursive: true }));

    const notes = (version: string): Promise<Outcome> =>
      run('release-notes.sh', [version], {}, join(directory, 'tools'));

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
