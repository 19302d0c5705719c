import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';

import { get, json, names, put, sha256 } from './support/client.js';
import { answering, between, run, runProgram, type Outcome, type Passage } from './support/scripts.js';
import { AUTH, startServer, TOKEN, type TestServer } from './support/server.js';

const NOTES = '# "New"\r\n\n- C:\\dir\t`$(x)` – ünï\n\u0007\u001b[1m\n';

describe('the scripts, for releases', () => {
  let server: TestServer;
  let directory: string;
  let environment: Record<string, string>;
  let paths: string[];

  beforeEach(async () => {
    server = await startServer();
    directory = await mkdtemp(join(tmpdir(), 'scripts-'));
    environment = { RELEASE_SERVER_URL: server.url, RELEASE_SERVER_TOKEN: TOKEN };
    paths = [await file('tool-linux', 'one'), await file('tool-mac', 'two')];
  });

  afterEach(async () => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const file = async (name: string, content: string): Promise<string> => {
    const path = join(directory, name);
    await writeFile(path, content);
    return path;
  };
  const upload = (args: readonly string[], url = server.url): Promise<Outcome> =>
    run('upload.sh', ['-u', url, '--release', 'cli/v1', ...args], environment);
  const say = async (method: string, path: string, body: unknown = {}): Promise<Response> =>
    fetch(`${server.url}${path}`, { method, headers: AUTH, body: JSON.stringify(body) });
  const record = async (tag = 'cli/v1'): Promise<Record<string, unknown>> =>
    json(await say('PATCH', `/releases/${encodeURIComponent(tag)}`));
  const publicNames = async (): Promise<string[]> => (await names(server)).toSorted();
  const all = ['tool-linux', 'tool-mac'];

  describe('upload.sh --release', () => {
    it('publishes all files at once, with what is said of the release', async () => {
      const notes = await file('notes.md', NOTES);
      const seen: string[][] = [];
      const judge = async ({ pass }: Passage): Promise<void> => {
        await pass();
        seen.push(await publicNames());
      };
      await between(server, judge, async (url) => {
        const { code, stdout, stderr } = await upload(
          ['--title', 'One \\ "1"', '--notes', notes, '--prerelease', ...paths],
          url,
        );
        expect([code, stderr]).toEqual([0, '']);
        expect(stdout.split('\n')).toEqual([
          `tool-linux: uploaded, sha256 ${sha256('one')}`,
          `tool-mac: uploaded, sha256 ${sha256('two')}`,
          expect.stringMatching(/^cli\/v1: published, http:\S+\/releases\/tag\/cli%2Fv1$/),
          '',
        ]);
      });
      expect(seen).toEqual([[], [], [], all]);
      expect(await record()).toMatchObject({
        draft: false,
        prerelease: true,
        title: 'One \\ "1"',
        notes: NOTES.replace('\u0007\u001b', ''),
      });
    });

    it('tells what left to make room for it', async () => {
      await server.stop();
      server = await startServer({ max_packages: 2 });
      await put(server, 'old-1.0.zip', 'old');
      const { code, stdout } = await upload(paths);
      expect(code).toBe(0);
      expect(stdout.split('\n').at(-2)).toBe('cli/v1: made room by removing old-1.0.zip');
    });

    it('finds what is public already with the same bytes, and leaves it as it is', async () => {
      await upload(['--notes', await file('notes.md', 'first'), ...paths]);
      const again = await upload(['--notes', await file('notes.md', 'other'), ...paths]);
      expect(again).toEqual({
        code: 0,
        stdout:
          `tool-linux: public already with the same bytes, sha256 ${sha256('one')}\n` +
          `tool-mac: public already with the same bytes, sha256 ${sha256('two')}\n` +
          'cli/v1: published already\n',
        stderr: '',
      });
      expect(await record()).toMatchObject({ notes: 'first' });

      await file('tool-mac', 'other');
      const { code, stdout, stderr } = await upload(['-f', ...paths, await file('tool.new', 'x')]);
      expect([code, stdout.split(':', 1)]).toEqual([1, ['tool-linux']]);
      expect(stderr.split('\n')).toEqual([
        'tool-mac: other bytes are in cli/v1, which is public already',
        'tool.new: is not in cli/v1, which is public already',
        'cli/v1: stays as it is; publish under another tag, or delete it before: delete.sh --release cli/v1',
        '',
      ]);
      expect(await publicNames()).toEqual(all);
    });

    it('finds a release of flat packages too', async () => {
      await put(server, 'tool-1.2.0.zip', 'flat');
      const flat = await file('tool-1.2.0.zip', 'flat');
      const same = await run('upload.sh', ['--release', 'v1.2.0', flat], environment);
      expect([same.code, same.stderr]).toEqual([0, '']);
      const more = await run('upload.sh', ['--release', 'v1.2.0', flat, ...paths], environment);
      expect([more.code, await publicNames()]).toEqual([1, ['tool-1.2.0.zip']]);
    });

    it('leaves a draft for others where it is asked to, and goes on with the one that is there', async () => {
      const first = await upload(['--draft', '--title', 'First', paths[0] ?? '']);
      expect([first.code, first.stdout.split('\n').at(-2)]).toEqual([
        0,
        'cli/v1: a draft, which nobody sees until it is published',
      ]);
      const second = await upload(['--draft', '--title', 'Second', '--prerelease', paths[0] ?? '']);
      expect([second.code, second.stderr]).toEqual([0, '']);
      expect(second.stdout).toContain(
        `tool-linux: stored already with the same bytes, sha256 ${sha256('one')}`,
      );
      expect(await record()).toMatchObject({ draft: true, title: 'Second', prerelease: true });
      expect(await publicNames()).toEqual([]);

      const last = await upload(['--notes', await file('notes.md', 'Notes'), paths[1] ?? '']);
      expect([last.code, last.stderr]).toEqual([0, '']);
      expect(await publicNames()).toEqual(all);
      expect(await record()).toMatchObject({ draft: false, title: 'Second', notes: 'Notes' });
    });

    it('goes on with its draft where a flat package of the version came meanwhile', async () => {
      const args = ['--release', 'v1.2.0', ...paths];
      await run('upload.sh', ['--draft', ...args], environment);
      await put(server, 'tool-1.2.0.zip', 'flat');
      const { code, stderr } = await run('upload.sh', args, environment);
      expect([code, stderr]).toEqual([0, '']);
      expect(await publicNames()).toEqual(['tool-1.2.0.zip', ...all].toSorted());
    });

    it('replaces what is in a draft when forced, and else says how to go on', async () => {
      await upload(['--draft', ...paths]);
      await file('tool-mac', 'other');
      const { code, stderr } = await upload(paths);
      expect(code).toBe(1);
      expect(stderr.split('\n')).toEqual([
        expect.stringMatching(/^tool-mac: other bytes are stored under this name .*--force replaces them/),
        'cli/v1: is a draft still, which nobody sees; the same call goes on with it, delete.sh --release cli/v1 deletes it',
        '',
      ]);
      expect([await record(), await publicNames()]).toEqual([expect.objectContaining({ draft: true }), []]);
      const forced = await upload(['-f', ...paths]);
      expect([forced.code, forced.stderr]).toEqual([0, '']);
      expect(await (await get(server, '/releases/download/cli/v1/tool-mac')).text()).toBe('other');
    });

    /** Runs it and kills it at its request of that number, before or after the server has got that. */
    async function killed(at: number, when: 'before' | 'after'): Promise<number> {
      let child: ChildProcess | undefined;
      let count = 0;
      const judge = async ({ pass, cut }: Passage): Promise<void> => {
        if (++count < at) return;
        if (when === 'after') await pass();
        child?.kill('SIGKILL');
        cut();
      };
      await between(server, judge, async (url) => {
        const args = [
          resolve('scripts/upload.sh'),
          '-u',
          url,
          '--release',
          'cli/v1',
          '--title',
          'One',
          ...paths,
        ];
        await runProgram('sh', args, environment, undefined, (started) => (child = started));
      });
      return count;
    }

    it.each([1, 2, 3, 4].flatMap((at) => [[at, 'before'] as const, [at, 'after'] as const]))(
      'is a draft or whole when it is killed at request %i, %s it is done, and goes on',
      async (at, when) => {
        expect(await killed(at, when)).toBe(at);
        expect(await publicNames()).toEqual(at === 4 && when === 'after' ? all : []);
        const { code, stderr } = await upload(['--title', 'One', ...paths]);
        expect([code, stderr]).toEqual([0, '']);
        expect(await publicNames()).toEqual(all);
        expect(await record()).toMatchObject({ draft: false, title: 'One' });
        expect(await killed(9, 'before')).toBe(2);
      },
    );

    it('goes on by itself where answers are lost', async () => {
      const lost = new Set<string>();
      const judge = async ({ what, pass, cut }: Passage): Promise<void> => {
        if (lost.has(what)) return;
        lost.add(what);
        await pass();
        cut();
      };
      await between(server, judge, async (url) => {
        const { code, stdout } = await upload(paths, url);
        expect([code, stdout.split('\n').at(-2)]).toEqual([0, expect.stringMatching(/^cli\/v1: published/)]);
      });
      expect(lost.size).toBe(4);
      expect(await publicNames()).toEqual(all);
    });

    it('may be called twice at once', async () => {
      const many = await Promise.all(
        Array.from({ length: 8 }, (_, at) => file(`tool-${at}`, `content ${at}`)),
      );
      const expected = many.map((path) => basename(path)).toSorted();
      const counts = new Set<number>();
      let running = true;
      const watching = (async () => {
        while (running) counts.add((await names(server)).length);
      })();
      const outcomes = await Promise.all([upload(many), upload(many.toReversed()), upload(many)]);
      running = false;
      await watching;
      for (const { code, stderr } of outcomes) expect([code, stderr]).toEqual([0, '']);
      expect(await publicNames()).toEqual(expected);
      expect([...counts].filter((count) => count !== 0 && count !== 8)).toEqual([]);
    });

    it('adds nothing to what another run has published meanwhile', async () => {
      const judge = async ({ what }: Passage): Promise<void> => {
        if (what.endsWith('/tool.new')) expect((await upload(paths)).code).toBe(0);
      };
      await between(server, judge, async (url) => {
        const { code, stderr } = await upload([...paths, await file('tool.new', 'x')], url);
        expect(code).toBe(1);
        expect(stderr).toContain('tool.new: is not in cli/v1, which is public already\n');
        expect(stderr).not.toContain('is a draft still');
      });
      expect(await publicNames()).toEqual(all);
    });

    it('makes nothing public where its draft is deleted meanwhile', async () => {
      for (const moment of ['/assets/tool-mac', 'PATCH']) {
        const judge = async ({ what }: Passage): Promise<void> => {
          if (what.includes(moment)) expect((await say('DELETE', '/releases/cli%2Fv1')).status).toBe(204);
        };
        await between(server, judge, async (url) => {
          const { code, stderr } = await upload(paths, url);
          expect(code).toBe(1);
          expect(stderr).toContain(
            'cli/v1: its draft was deleted meanwhile; the same call makes another one\n',
          );
          expect(stderr).not.toContain('is a draft still');
        });
        expect(await publicNames()).toEqual([]);
      }
      expect((await upload(paths)).code).toBe(0);
    });

    it('says when it does not know whether it has published', async () => {
      const stored = { status: 201, body: `{"sha256":"${sha256('one')}"}` };
      for (const last of [
        { status: 0, cut: true },
        { status: 500, body: '{"detail":"A fault."}' },
      ]) {
        await answering([{ status: 201 }, stored, last], async (url, requests) => {
          const { code, stderr } = await upload(['--retries', '0', paths[0] ?? ''], url);
          expect([code, requests.length]).toEqual([1, 3]);
          expect(stderr.split('\n').at(-2)).toBe(
            'cli/v1: may be public by now; the same call goes on, or finds it published',
          );
        });
      }
    });

    it('tells what to do when it is interrupted', async () => {
      let child: ChildProcess | undefined;
      const judge = ({ what, cut }: Passage): void => {
        if (!what.endsWith('/tool-mac')) return;
        child?.kill('SIGTERM');
        cut();
      };
      await between(server, judge, async (url) => {
        const args = [resolve('scripts/upload.sh'), '-u', url, '--release', 'cli/v1', ...paths];
        const { code, stderr } = await runProgram('sh', args, environment, undefined, (one) => (child = one));
        expect(code).toBe(143);
        expect(stderr).toContain('cli/v1: is a draft still, which nobody sees');
      });
    });

    it('makes no draft where a file cannot be published', async () => {
      const { code, stderr } = await upload([...paths, await file('empty', ''), join(directory, 'missing')]);
      expect(code).toBe(1);
      expect(stderr.split('\n').length).toBe(3);
      expect((await say('PATCH', '/releases/cli%2Fv1')).status).toBe(404);
    });

    it('stops where the token is refused, and where the server refuses the release', async () => {
      const wrong = await upload(['-t', 'wrong', ...paths]);
      expect([wrong.code, wrong.stderr]).toEqual([1, 'cli/v1: 401 The token is not valid.\n']);
      const { code, stderr } = await run('upload.sh', ['--release', 'a..b', ...paths], environment);
      expect([code, stderr]).toEqual([1, expect.stringMatching(/^a\.\.b: 400 This is not a tag/)]);
      expect(await publicNames()).toEqual([]);
    });

    it('says where a redirect leads', async () => {
      const Location = 'https://releases.example.com/releases/r/releases';
      await answering([{ status: 301, headers: { Location } }], async (url) => {
        const { stderr } = await upload(paths, url);
        expect(stderr).toContain('give --url https://releases.example.com/releases/r or set');
      });
      const moved = {
        status: 301,
        headers: { Location: 'https://x.example/r/releases/cli%2fv1/assets/tool-linux?draft=true' },
      };
      await answering([{ status: 201 }, moved], async (url) => {
        const { stderr } = await upload(paths, url);
        expect(stderr).toContain('give --url https://x.example/r or set');
      });
    });

    it.each(['', '-v1', '.', '..', 'v 1', 'v\n1', 'v\u001b1'])('refuses %j, which is no tag', async (tag) => {
      for (const script of ['upload.sh', 'delete.sh']) {
        const { code, stderr } = await run(script, ['--release', tag, 'x'], environment);
        expect([code, stderr]).toEqual([2, expect.stringContaining('this is not the tag of a release')]);
      }
    });

    it('refuses what says something of a release without naming it, and notes that are not there', async () => {
      for (const option of [['--title', 'x'], ['--notes', 'x'], ['--draft'], ['--prerelease']]) {
        const { code, stderr } = await run('upload.sh', [...option, ...paths], environment);
        expect([code, stderr]).toEqual([2, expect.stringContaining('give its tag by --release')]);
      }
      const { code, stderr } = await upload(['--notes', join(directory, 'missing'), ...paths]);
      expect([code, stderr]).toEqual([2, expect.stringContaining('no readable file: ')]);
      expect(await publicNames()).toEqual([]);
    });
  });

  describe('delete.sh --release', () => {
    const remove = (...args: string[]): Promise<Outcome> => run('delete.sh', args, environment);

    it('deletes a draft, and a release with all that is in it', async () => {
      await put(server, 'other-1.0.zip', 'other');
      for (const options of [['--draft'], []]) {
        await upload([...options, ...paths]);
        expect(await remove('--release', 'cli/v1')).toEqual({
          code: 0,
          stdout: 'cli/v1: deleted\n',
          stderr: '',
        });
      }
      const { code, stderr } = await remove('--release', 'cli/v1');
      expect([code, stderr]).toEqual([1, 'cli/v1: 404 There is no release of that tag.\n']);
      expect(await publicNames()).toEqual(['other-1.0.zip']);
    });

    it('takes it for done when an attempt whose answer was lost has done it', async () => {
      const gone = { status: 404, body: '{"detail":"There is none.","code":"release_not_found"}' };
      await answering([{ status: 0, cut: true }, gone], async (url, requests) => {
        const { code, stdout } = await remove('-u', url, '--release', 'v1');
        expect([code, stdout, requests.length]).toEqual([0, 'v1: is not there any more\n', 2]);
      });
    });

    it('takes no names beside, of which it would delete more than these', async () => {
      await upload(paths);
      const { code, stderr } = await remove('--release', 'cli/v1', 'tool-mac');
      expect([code, stderr]).toEqual([2, expect.stringContaining('--release deletes all of a release')]);
      expect(await publicNames()).toEqual(all);
    });
  });
});
