import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { names, put } from './support/client.js';
import { runCommand, type Ended } from './support/command.js';
import { keysBelow, putObjects, removeObjects } from './support/object-store.js';
import { killServers, makeDirectory, runToExit, spawnServer, type ServerProcess } from './support/process.js';
import { AUTH } from './support/server.js';
import { describeOnS3, prefixOf, s3Section, storageEnvironment } from './support/storage.js';

describe('npm run repair-index', () => {
  let directory: Awaited<ReturnType<typeof makeDirectory>>;

  beforeEach(async () => {
    directory = await makeDirectory();
  });

  afterEach(async () => {
    await killServers();
    await directory.remove();
  });

  it('tells what it can do', async () => {
    const { code, stdout, stderr } = await runCommand('repair-index', ['--help']);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: repair-index /);
  });

  it.each([
    ['an unknown option', ['--wirte'], 2, "repair-index: Unknown option '--wirte'"],
    ['--replace without --write', ['--replace'], 2, 'repair-index: --replace goes with --write; see --help'],
    ['a configuration of the filesystem driver', [], 78, 'storage_driver is filesystem, which has no index'],
  ])('refuses %s', async (_, parameters, code, message) => {
    const ended = await runCommand('repair-index', parameters, { CONFIG_PATH: '/dev/null' });

    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr).toContain(message);
  });

  describeOnS3('on a bucket (needs S3_ENDPOINT: npm run test:s3)', () => {
    let config: string;
    let prefix: string;

    beforeEach(async () => {
      config = join(directory.path, 'config.yaml');
      prefix = prefixOf(directory.path);
      await writeFile(config, JSON.stringify({ storage_driver: 's3', s3: s3Section(directory.path) }));
    });

    afterEach(() => removeObjects(prefix));

    function startServer(): Promise<ServerProcess> {
      return spawnServer(directory.path, onBucket());
    }

    function onBucket(): Record<string, string> {
      return storageEnvironment(directory.path, process.env['S3_ENDPOINT']);
    }

    function repair(...parameters: string[]): Promise<Ended> {
      return runCommand('repair-index', parameters, { CONFIG_PATH: config });
    }

    async function namesAt(server: ServerProcess): Promise<string[]> {
      return (await names(server)).toSorted();
    }

    it('brings a server back that has lost its index', async () => {
      const server = await startServer();
      for (const name of ['a.zip', 'b.zip']) await put(server, name, `content of ${name}`);
      await server.stop();
      await putObjects({ [`${prefix}packages/1/stray.zip`]: 'stray' });
      await removeObjects(`${prefix}index.json`);

      const refused = await runToExit('auth_token: secret\nport: 0', onBucket());
      expect(refused.code).toBe(1);
      expect(refused.output).toContain('Repair the index');

      const dry = await repair('--verify');
      expect({ code: dry.code, stderr: dry.stderr }).toEqual({ code: 0, stderr: '' });
      expect(dry.stdout).toContain(`s3://${process.env['S3_BUCKET']}/${prefix}index.json is missing.\n`);
      expect(dry.stdout).toContain('list 2 packages (name, size, time, key):\n');
      expect(dry.stdout).toMatch(
        /^  a\.zip  16  \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z  test\/[-\w]+\/packages\/[-0-9a-f]+\/a\.zip$/m,
      );
      expect(dry.stdout).toContain(
        `leave out 1 blob:\n  ${prefix}packages/1/stray.zip: its metadata name or sha256 is missing\n`,
      );
      expect(dry.stdout).toContain('packages that were deleted or evicted less than the grace time ago');
      expect(dry.stdout).toContain('nothing was written. To write this index, add --write.\n');
      expect(await keysBelow(prefix)).not.toContain(`${prefix}index.json`);

      const written = await repair('--write');
      expect({ code: written.code, stderr: written.stderr }).toEqual({ code: 0, stderr: '' });
      expect(written.stdout).toContain('index.json lists 2 packages.\n');

      const again = await startServer();
      expect(await namesAt(again)).toEqual(['a.zip', 'b.zip']);
      const answer = await fetch(`${again.url}/assets/b.zip`);
      expect(await answer.text()).toBe('content of b.zip');
    });

    it('brings releases back, with what is said of them, and drafts hidden', async () => {
      const server = await startServer();
      for (const [tag, draft] of [
        ['cli/v1.0.0', true],
        ['v2.0.0', true],
      ] as const) {
        await release(server, 'POST', '', { tag, draft, notes: `New in ${tag}` });
        for (const file of ['tool-linux', 'tool-mac'])
          await release(server, 'PUT', `/${encodeURIComponent(tag)}/assets/${file}`, `${file} of ${tag}`);
      }
      await release(server, 'PATCH', '/cli%2Fv1.0.0', { draft: false });
      await put(server, 'flat.zip', 'flat');
      await server.stop();
      await removeObjects(`${prefix}index.json`);

      const written = await repair('--write', '--verify');

      expect({ code: written.code, stderr: written.stderr }).toEqual({ code: 0, stderr: '' });
      const again = await startServer();
      expect(await namesAt(again)).toEqual(['flat.zip', 'tool-linux', 'tool-mac']);
      const answer = await fetch(`${again.url}/releases/download/cli/v1.0.0/tool-mac`);
      expect(await answer.text()).toBe('tool-mac of cli/v1.0.0');
      expect(await (await fetch(`${again.url}/releases/tag/cli%2Fv1.0.0`)).text()).toContain(
        'New in cli/v1.0.0',
      );
      expect((await fetch(`${again.url}/releases/download/v2.0.0/tool-mac`)).status).toBe(404);
      await release(again, 'PATCH', '/v2.0.0', { draft: false });
      expect(await (await fetch(`${again.url}/releases/tag/v2.0.0`)).text()).toContain('New in v2.0.0');
      expect(await (await fetch(`${again.url}/releases/download/v2.0.0/tool-mac`)).text()).toBe(
        'tool-mac of v2.0.0',
      );
    });

    /** Asks for something of releases, with a token, which has to succeed. */
    async function release(
      server: ServerProcess,
      method: string,
      path: string,
      what: unknown,
    ): Promise<void> {
      const body = typeof what === 'string' ? what : JSON.stringify(what);
      const { ok, status } = await fetch(`${server.url}/releases${path}`, { method, headers: AUTH, body });
      expect(`${method} ${path}: ${ok ? 'done' : status}`).toBe(`${method} ${path}: done`);
    }

    it('leaves an index alone that can be read, unless it is told to replace it', async () => {
      const server = await startServer();
      await put(server, 'a.zip', 'a');
      await put(server, 'deleted.zip', 'd');
      await fetch(`${server.url}/assets/deleted.zip`, {
        method: 'DELETE',
        headers: AUTH,
      });
      await server.stop();

      const refused = await repair('--write');
      expect(refused.code).toBe(1);
      expect(refused.stdout).toContain(
        'exists and can be read; a server needs no repair, unless it does not list what is there.\n',
      );
      expect(refused.stderr).toBe(
        'repair-index: nothing was written: the index can be read; add --replace to lose it\n',
      );
      expect(await namesAt(await startServer())).toEqual(['a.zip']);
      await killServers();

      expect((await repair('--write', '--replace')).code).toBe(0);
      expect(await namesAt(await startServer())).toEqual(['a.zip', 'deleted.zip']);
    });

    it('fails in one line where the bucket does not exist', async () => {
      const ended = await runCommand('repair-index', [], {
        CONFIG_PATH: config,
        S3_BUCKET: 'no-such-bucket',
      });

      expect(ended).toMatchObject({ code: 1, stdout: '' });
      expect(ended.stderr).toMatch(/^repair-index: The bucket no-such-bucket cannot be used: .*\n$/);
    });
  });
});
