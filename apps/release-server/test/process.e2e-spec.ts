import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { lstat, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

import { get, json, names, put, sha256 } from './support/client.js';
import {
  killServers,
  makeDirectory,
  runToExit,
  spawnServer,
  type LogLine,
  type ServerProcess,
} from './support/process.js';
import { readAnswer } from './support/raw.js';
import { AUTH, TOKEN } from './support/server.js';
import { itOnDirectory, leftIn, ON_S3, stagedIn, storageEnvironment, storedIn } from './support/storage.js';
import { connectTo, OVER_TLS, reset } from './support/tls.js';
import { until } from './support/until.js';

const MIB = 1024 * 1024;

describe('the process', () => {
  let directory: Awaited<ReturnType<typeof makeDirectory>>;

  beforeEach(async () => {
    directory = await makeDirectory();
  });

  afterEach(async () => {
    await killServers();
    await directory.remove();
  });

  it('stops with 78 and one line that names file, line, key and nearest key, and no secret', async () => {
    const { code, output } = await runToExit('auth_token: s3cr3t-of-this-test\nmax_package: 5\n');
    expect(code).toBe(78);
    const lines = output.trim().split('\n');
    expect(lines).toHaveLength(1);
    const { message, level } = JSON.parse(lines[0] ?? '') as LogLine;
    expect(level).toBe('FATAL');
    expect(message).toMatch(/config\.yaml:2: max_package: unknown key, did you mean max_packages\?$/);
    expect(output).not.toContain('s3cr3t');
  });

  itOnDirectory('refuses to start where retention would remove files that it never stored', async () => {
    const photos = Array.from({ length: 260 }, (_, at) => `photo-${at}.jpg`);
    for (const name of photos) await writeFile(join(directory.path, name), name);
    const { code, output } = await runToExit(
      `auth_token: ${TOKEN}-of-some-length\nport: 0\nhost: 127.0.0.1\nstorage_path: ${directory.path}\nmax_packages: 200\n`,
    );
    expect(code).toBe(78);
    const lines = output.trim().split('\n');
    expect(lines).toHaveLength(1);
    const { message } = JSON.parse(lines[0] ?? '') as LogLine;
    expect(message).toBe(
      `the server did not start: ${directory.path} has not been served before and holds 260 files that would be ` +
        'packages, of which retention would remove 60 now; nothing was removed. ' +
        'Change max_packages (now 200) so that all of them may stay, or store the packages in a directory of their own.',
    );
    expect((await readdir(directory.path)).toSorted()).toEqual(photos.toSorted());
  });

  itOnDirectory.each(['000', '077'])('gives packages the mode 644 with the umask %s', async (mask) => {
    const through = ['/bin/sh', '-c', `umask ${mask}; exec "$@"`, 'sh'];
    const server = await spawnServer(directory.path, {}, { through });
    await put(server, 'a.zip', 'a');
    await server.stop();
    expect((await lstat(join(directory.path, 'a.zip'))).mode & 0o777).toBe(0o644);
  });

  itOnDirectory('warns once that the files which it found are packages now', async () => {
    await writeFile(join(directory.path, 'photo.jpg'), 'photo');
    for (const said of [1, 0]) {
      const server = await spawnServer(directory.path);
      const warned = server.lines().filter((line) => line.includes('has not been served before'));
      await server.stop();
      expect(warned).toHaveLength(said);
    }
  });

  it('refuses to start without a token', async () => {
    const { code, output } = await runToExit('port: 0\n');
    expect(code).toBe(78);
    expect(output).toContain('auth_token');
  });

  it.each([
    ['auth_token_file', 'auth_token_file: /none/x'],
    [
      'jwks_file',
      'identities: [{ name: a, issuer: a, audience: a, claims: { a: a }, scopes: [read], jwks_file: /none/x }]',
    ],
    ['link_key_file', `auth_token: ${TOKEN}\nread_access: token\nlink_key_file: /none/x`],
  ])('stops with 78 and one line where the file of %s cannot be read', async (key, yaml) => {
    const { code, output } = await runToExit(`${yaml}\nport: 0\n`, storageEnvironment(directory.path));
    expect(code).toBe(78);
    const lines = output.trim().split('\n');
    expect(lines).toHaveLength(1);
    expect((JSON.parse(lines[0] ?? '') as LogLine).message).toMatch(new RegExp(`${key}:? /none/x .*ENOENT`));
  });

  it.each([
    ['HOST', 'x86_64-conda-linux-gnu', 'host: cannot listen on "x86_64-conda-linux-gnu": '],
    ['HOST', '192.0.2.1', 'host: cannot listen on "192.0.2.1": EADDRNOTAVAIL'],
    ['PORT', 'the port of another', 'port: cannot listen on 127.0.0.1, port '],
  ])(
    'stops with 78 when %s from the environment is %s, and names the variable',
    async (variable, value, said) => {
      const other = createServer().listen(0, '127.0.0.1');
      await once(other, 'listening');
      const taken = String((other.address() as AddressInfo).port);
      const yaml = `auth_token: s3cr3t-of-this-test\nport: 0\nhost: 127.0.0.1\nstorage_path: ${directory.path}/data\n`;
      const environment = { [variable]: variable === 'PORT' ? taken : value };
      const { code, output } = await runToExit(yaml, environment);
      other.close();
      expect(code).toBe(78);
      expect(output.trim().split('\n')).toHaveLength(1);
      expect(output).toContain(`environment variable ${variable}: ${said}`.replaceAll('"', '\\"'));
    },
  );

  it('stops with 1 and one line when the directory cannot be used', async () => {
    const { code, output } = await runToExit(
      'auth_token: s3cr3t-of-this-test\nport: 0\nstorage_path: /dev/null/x\n',
    );
    expect(code).toBe(1);
    expect(output.trim().split('\n')).toHaveLength(1);
    expect(output).toContain('ENOTDIR');
  });

  it('writes only JSON lines with the four fields, one a request, and never the token', async () => {
    const server = await spawnServer(directory.path);
    await put(server, 'a.zip', 'content', { headers: { 'X-Request-Id': 'id-1' } });
    await put(server, 'a.zip', 'content', { headers: { 'X-Request-Id': 'id-2' } });
    await put(server, 'a.zip', 'x', {
      query: `?token=${TOKEN}`,
      headers: { Authorization: 'Bearer wrong-token' },
    });
    await get(server, '/assets/a%0d%0aINJECTED%0d%0a', { 'X-Request-Id': 'id 3', 'User-Agent': 'x' });
    await get(server, '/healthz');
    await fetch(`${server.url}/assets/a.zip`, {
      method: 'DELETE',
      headers: { ...AUTH, 'X-Request-Id': 'id-4' },
    });
    await server.stop();
    const lines = server.lines().map((line) => JSON.parse(line) as LogLine);
    for (const line of lines) {
      expect(line).toMatchObject({
        level: expect.any(String),
        message: expect.any(String),
        module: expect.any(String),
      });
      expect(new Date(String(line['timestamp'])).toISOString()).toBe(line['timestamp']);
    }
    expect(server.lines().join('\n')).not.toContain(TOKEN);
    expect(server.lines().join('\n')).not.toContain('wrong-token');
    const requests = lines.filter((line) => line['status'] !== undefined);
    // A refused upload is over when its connection is, which may be after the next request.
    expect(requests.map(({ method, path, status }) => [method, path, status].join(' ')).toSorted()).toEqual([
      'DELETE /assets/a.zip 204',
      'GET /assets/a%0d%0aINJECTED%0d%0a 404',
      'PUT /assets/a.zip 201',
      'PUT /assets/a.zip 401',
      'PUT /assets/a.zip 409',
    ]);
    expect(requests[0]).toMatchObject({
      request_id: 'id-1',
      level: 'INFO',
      module: 'http',
      remote_address: '127.0.0.1',
      duration_ms: expect.any(Number),
      bytes: expect.any(Number),
    });
    expect(requests.every(({ remote_address }) => remote_address === '127.0.0.1')).toBe(true);
    const audited = lines.filter(({ event }) => event !== undefined);
    expect(audited.map((line) => [line['remote_address'], line['user_agent']])).toEqual(
      audited.map(() => ['127.0.0.1', 'node']),
    );
    expect(lines.filter(({ event }) => event !== undefined)).toMatchObject([
      {
        event: 'package.published',
        actor: 'auth_token',
        actor_kind: 'shared_secret',
        name: 'a.zip',
        digest: sha256('content'),
        size: 7,
        request_id: 'id-1',
      },
      {
        event: 'write.refused',
        code: 'package_exists',
        reason: expect.stringContaining('a.zip is stored already'),
        actor: 'auth_token',
        request_id: 'id-2',
      },
      { event: 'write.refused', code: 'unauthorized', method: 'PUT', path: '/assets/a.zip' },
      { event: 'package.deleted', name: 'a.zip', request_id: 'id-4' },
    ]);
  });

  describe('whose log takes nothing', () => {
    /** Requests whose lines are more than a pipe and the queue hold, each with a path of 2,000 characters. */
    const flood = async (server: ServerProcess, requests: number): Promise<void> => {
      for (let sent = 0; sent < requests; sent += 50) {
        const paths = Array.from({ length: 50 }, (_, index) => `/${sent + index}-`.padEnd(2000, 'x'));
        const answers = await Promise.all(paths.map((path) => get(server, path)));
        expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404]));
      }
    };

    it('goes on while its pipe is full, says how much is missing once it is read, and stops on SIGTERM', async () => {
      const server = await spawnServer(directory.path);
      server.child.stdout?.pause();
      await flood(server, 1000);
      expect((await put(server, 'a.zip', 'content')).status).toBe(201);
      server.child.stdout?.resume();
      const dropped = (): LogLine | undefined =>
        server
          .lines()
          .filter((line) => line.includes('log.dropped'))
          .map((line) => JSON.parse(line) as LogLine)[0];
      await until(() => dropped() !== undefined);
      expect(dropped()).toMatchObject({ level: 'ERROR', module: 'log', event: 'log.dropped' });
      const lines = server.lines().filter((line) => line.includes('"status":404')).length;
      // One line for each request, and two for the package.
      const { length } = server
        .lines()
        .filter((line) => line.includes('"name":"a.zip"') || line.includes('/a.zip"'));
      expect(lines + length + Number(dropped()?.['lines'])).toBe(1002);

      await server.stop();
      expect(await server.exited).toBe(0);
      expect(server.lines().at(-1)).toContain('SIGTERM received');
    });

    it('goes on and stops on SIGTERM while nobody reads its pipe', async () => {
      const server = await spawnServer(directory.path);
      server.child.stdout?.pause();
      await flood(server, 200);
      server.child.kill('SIGTERM');
      expect(await server.exited).toBe(0);
    });

    it('goes on and stops on SIGTERM when the reader of its pipe is gone', async () => {
      const server = await spawnServer(directory.path);
      server.child.stdout?.destroy();
      await flood(server, 100);
      expect((await put(server, 'a.zip', 'content')).status).toBe(201);
      server.child.kill('SIGTERM');
      expect(await server.exited).toBe(0);
    });
  });

  it('takes a rotated token file without a restart', async () => {
    const file = join(directory.path, 'token');
    const storage = join(directory.path, 'data');
    await writeFile(file, 'first\n');
    const server = await spawnServer(storage, { AUTH_TOKEN: '', AUTH_TOKEN_FILE: file });
    const status = async (token: string): Promise<number> =>
      (
        await put(server, `${token}.zip`, 'x', {
          query: '?overwrite=1',
          headers: { Authorization: `Bearer ${token}` },
        })
      ).status;
    expect([await status('first'), await status('second')]).toEqual([201, 401]);
    await writeFile(file, 'second\n');
    expect([await status('first'), await status('second')]).toEqual([401, 201]);
    await server.stop();
  });

  it('keeps every acknowledged package whole, and nothing else, when it is killed during 50 uploads', async () => {
    // Caught: answering before link, writing in place, no sweep of incoming at start.
    const bodyOf = (index: number): Buffer<ArrayBuffer> => Buffer.alloc(300_000 + index, `${index} `);
    for (let round = 0; round < 3; round++) {
      const server = await spawnServer(directory.path, { MAX_PACKAGES: 'null' });
      const acknowledged: string[] = [];
      const uploads = Array.from({ length: 50 }, async (_, index) => {
        const name = `r${round}-${index}.bin`;
        const response = await put(server, name, bodyOf(index)).catch(() => undefined);
        if (response?.status === 201) acknowledged.push(name);
      });
      await until(() => acknowledged.length >= 5 + round * 10);
      server.child.kill('SIGKILL');
      await Promise.all(uploads);

      const restarted = await spawnServer(directory.path, { MAX_PACKAGES: 'null' });
      expect(await leftIn(directory.path)).toEqual([]);
      const listed = await names(restarted);
      expect(listed).toEqual(expect.arrayContaining(acknowledged));
      for (const name of listed.filter((one) => one.startsWith(`r${round}-`))) {
        const stored = Buffer.from(await (await get(restarted, `/assets/${name}`)).arrayBuffer());
        expect(stored.equals(bodyOf(Number(/-(\d+)\./.exec(name)?.[1])))).toBe(true);
      }
      await restarted.stop();
    }
  });

  it('applies a limit that was lowered while it was down', async () => {
    const first = await spawnServer(directory.path);
    for (const name of ['a', 'b', 'c', 'd']) await put(first, name, name);
    await first.stop();
    const second = await spawnServer(directory.path, { MAX_PACKAGES: '2' });
    expect(await names(second)).toEqual(['d', 'c']);
    await second.stop();
    expect(second.lines().filter((line) => line.includes('package.evicted'))).toHaveLength(2);
  });

  it.each(['SIGTERM', 'SIGHUP'] as const)(
    'finishes what is under way on %s, is not ready meanwhile, and exits with 0',
    async (signal) => {
      const server = await spawnServer(directory.path);
      const socket = connectTo(server.port);
      socket.write(
        `PUT /assets/n.zip HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: 10\r\n\r\n`,
      );
      socket.write('half ');
      await until(async () => (await stagedIn(directory.path)).length === 1);
      server.child.kill(signal);
      await until(async () => (await get(server, '/readyz')).status === 503);
      socket.write('whole');
      expect((await readAnswer(socket, 300)).status).toBe(201);
      expect(await server.exited).toBe(0);
      const restarted = await spawnServer(directory.path);
      expect(await (await get(restarted, '/assets/n.zip')).text()).toBe('half whole');
      await restarted.stop();
    },
  );

  const RUN = { name: 'run', rest: ['start:prod'] };
  // As npx runs the program of package.json: with a shell in between, which keeps SIGINT to itself; a terminal sends that to all.
  const EXEC = { name: 'exec', rest: ['--call', 'node dist/apps/release-server/src/bin.js'] };
  it.each([
    ...(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGKILL'] as const).map((signal) => ({ ...RUN, signal })),
    ...(['SIGTERM', 'SIGHUP', 'SIGKILL'] as const).map((signal) => ({ ...EXEC, signal })),
  ])(
    'ends when the npm $name that runs it gets $signal, and leaves nothing behind',
    async ({ name, rest, signal }) => {
      // Caught: a shell between npm and the server keeps the signal, and the server goes on.
      const npm = spawn('npm', [name, ...rest], {
        detached: true,
        env: {
          ...process.env,
          CONFIG_PATH: '/dev/null',
          HOST: '127.0.0.1',
          PORT: '0',
          AUTH_TOKEN: TOKEN,
          ...storageEnvironment(directory.path),
        },
      });
      let output = '';
      npm.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      const group = -(npm.pid ?? 0);
      const isGone = (): boolean => {
        try {
          return !process.kill(group, 0);
        } catch {
          return true;
        }
      };
      try {
        await until(() => output.includes('listening on'));
        npm.kill(signal);
        await until(isGone);
      } finally {
        if (!isGone()) process.kill(group, 'SIGKILL');
      }
    },
  );

  it('stays on loopback with npm start, whatever HOST of the environment says', async () => {
    const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as { scripts: { start: string } };
    // Without the build, which is done, and which others use meanwhile.
    const run = scripts.start.split('tools/build/main.mjs && ')[1] ?? '';
    const child = spawn('sh', ['-c', run], {
      env: {
        PATH: `node_modules/.bin:${process.env['PATH']}`,
        HOST: '0.0.0.0',
        PORT: '0',
        ...storageEnvironment(directory.path),
      },
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    try {
      await until(() => output.includes('listening on'));
      expect(output).toContain('listening on http://127.0.0.1:');
    } finally {
      child.kill();
      await once(child, 'exit');
    }
  });

  it('logs an answer as aborted only where it did not go out whole', async () => {
    const server = await spawnServer(directory.path);
    await put(server, 'big.zip', Buffer.alloc(64 * 1024 * 1024));
    const ask = async (bytes: string, take: (socket: Socket) => Promise<unknown>): Promise<void> => {
      const socket = connectTo(server.port).on('error', () => undefined);
      socket.write(bytes);
      await take(socket);
      socket.destroy();
    };
    const answered = (socket: Socket): Promise<unknown> => once(socket, 'data');
    const upload = 'HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf';
    await ask(`PUT /assets/refused.zip ${upload}`, answered);
    await ask(`PUT /assets/ended.zip ${upload}`, (socket) => once(socket.resume(), 'end'));
    await ask(`HEAD /nothing ${upload}`, answered);
    await ask('HEAD /assets/big.zip HTTP/1.1\r\nHost: x\r\n\r\n', answered);
    await ask('GET /latest HTTP/1.1\r\nHost: x\r\nIf-None-Match: *\r\n\r\n', answered);
    const authorization = `Authorization: Bearer ${TOKEN}\r\n`;
    await ask(`GET /assets/big.zip HTTP/1.1\r\nHost: x\r\n\r\n`, answered);
    await ask(
      `PUT /assets/left.zip HTTP/1.1\r\nHost: x\r\n${authorization}Content-Length: 9\r\n\r\nhalf`,
      () => until(async () => (await stagedIn(directory.path)).length === 1),
    );
    await ask(`DELETE /assets/big.zip HTTP/1.1\r\nHost: x\r\n${authorization}\r\n`, answered);
    const lines = (): string[] =>
      server
        .lines()
        .map((line) => JSON.parse(line) as LogLine & { aborted?: boolean })
        .filter(({ module, path, status }) => module === 'http' && path !== undefined && status !== 201)
        .map(({ method, path, aborted = false }) => `${String(method)} ${String(path)} ${aborted}`);
    await until(() => lines().length === 8);
    await server.stop();
    expect(lines().toSorted()).toEqual([
      'DELETE /assets/big.zip false',
      'GET /assets/big.zip true',
      'GET /latest false',
      'HEAD /assets/big.zip false',
      'HEAD /nothing false',
      'PUT /assets/ended.zip false',
      'PUT /assets/left.zip true',
      'PUT /assets/refused.zip false',
    ]);
  });

  it('cuts off what does not finish within shutdown_timeout, and keeps nothing of it', async () => {
    const server = await spawnServer(directory.path, { SHUTDOWN_TIMEOUT: '300ms' });
    const socket = connectTo(server.port);
    socket.on('error', () => undefined);
    const closed = once(socket, 'close');
    socket.write(
      `PUT /assets/n.zip HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: 10\r\n\r\nhalf`,
    );
    await until(async () => (await stagedIn(directory.path)).length === 1);
    server.child.kill('SIGTERM');
    expect(await server.exited).toBe(0);
    await closed;
    expect(await storedIn(directory.path)).toEqual([]);
    expect(await stagedIn(directory.path)).toEqual([]);
  });

  it('takes and gives 40 MiB ten times at once in flat memory', async () => {
    // Caught: a body gathered in memory, a file read whole, no backpressure.
    const server = await spawnServer(directory.path, { MAX_PACKAGES: '30' });
    await put(server, 'warm-up', 'x');
    await get(server, '/packages');
    const SIZE = 40;
    const block = Buffer.alloc(MIB, 'release ');
    const expected = createHash('sha256');
    for (let index = 0; index < SIZE; index++) expected.update(block);
    const digest = expected.digest('hex');
    const { memory: idle } = await server.inspect();

    const tenth = Array.from({ length: 10 }, (_, index) => index);
    const uploads = tenth.map((index) =>
      (index % 2 ? putStream : postStream)(server, `big-${index}`, block, SIZE),
    );
    expect(await Promise.all(uploads)).toEqual(tenth.map(() => digest));
    const downloads = tenth.map((index) => digestOf(server, `big-${index}`));
    const more = tenth.map((index) => putStream(server, `more-${index}`, block, SIZE));
    expect(await Promise.all([...downloads, ...more])).toEqual([...tenth, ...tenth].map(() => digest));
    const { peak } = await server.inspect();
    console.log(`resident memory: ${Math.round(idle / MIB)} MiB idle, ${Math.round(peak / MIB)} MiB at most`);
    // All bodies are 1.2 GB. With five times as many, of 100 MB, it is row R4.
    expect(peak - idle).toBeLessThan(100 * MIB);
    await server.stop();
  }, 120_000);

  it('lets go of everything when clients leave in the middle of a download or an upload', async () => {
    // Caught: waiting for the end of a response that is closed already.
    const server = await spawnServer(directory.path);
    await put(server, 'big.bin', Buffer.alloc(MIB, 'x'));
    const { handles } = await server.inspect();
    for (let index = 0; index < 200; index++) {
      const socket = connectTo(server.port);
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      const authorization = `Authorization: Bearer ${TOKEN}`;
      socket.write(
        index % 2 === 0
          ? 'GET /assets/big.bin HTTP/1.1\r\nHost: x\r\n\r\n'
          : `PUT /assets/n-${index} HTTP/1.1\r\nHost: x\r\n${authorization}\r\nContent-Length: 99999\r\n\r\nhalf`,
      );
      await delay(index % 5);
      reset(socket);
    }
    await until(async () => (await server.inspect()).handles === handles);
    await until(async () => (await stagedIn(directory.path)).length === 0);
    expect(await names(server)).toEqual(['big.bin']);
    await server.stop();
  });

  it('loads the library for object stores where there is one, and only there', async () => {
    // Caught: an import that is not put off.
    const server = await spawnServer(directory.path);
    await put(server, 'a.zip', 'content');
    await get(server, '/assets/a.zip');
    const { libraries } = await server.inspect();
    // The rest is in the bundle.
    expect(libraries).toContain('swagger-ui-dist');
    expect(libraries.some((name) => /^@(aws-sdk|smithy)\//.test(name))).toBe(ON_S3);
    await server.stop();
  });

  itOnDirectory('looks at no file when nothing changed', async () => {
    // Caught: a directory scan, or a stat of every file, for each list.
    const server = await spawnServer(directory.path);
    for (let index = 0; index < 20; index++) await put(server, `p-1.0.${index}.zip`, 'x');
    // A directory that changed within the granularity of its timestamp is looked through once more.
    await delay(2000);
    await get(server, '/latest');
    await server.inspect();
    for (let round = 0; round < 10; round++) {
      await get(server, '/latest');
      await get(server, '/packages');
      await get(server, '/packages?format=json');
      await delay(60);
    }
    const { stat = 0, ...others } = (await server.inspect()).calls;
    expect(others).toEqual({});
    // Two of the certificate and its key, each 200 ms.
    expect(stat).toBeLessThanOrEqual(OVER_TLS ? 15 : 5);
    await server.stop();
  });

  itOnDirectory('starts with two calls a package, whatever the packages hold', async () => {
    // Caught: hashing what is known, or opening every package, at start.
    const filling = await spawnServer(directory.path, { MAX_PACKAGES: 'null' });
    const files = Array.from({ length: 1000 }, (_, index) => `p-1.0.${index}.zip`);
    await Promise.all(files.map((name) => writeFile(join(directory.path, name), name)));
    await until(async () => {
      const list = await json<{ sha256: string | null }[]>(await get(filling, '/packages?format=json'));
      return list.length === 1000 && list.every((one) => one.sha256 !== null);
    });
    await filling.stop();
    const server = await spawnServer(directory.path, { MAX_PACKAGES: 'null' });
    expect((await names(server)).length).toBe(1000);
    const { calls } = await server.inspect();
    expect(Object.values(calls).reduce((sum, count) => sum + count, 0)).toBeLessThan(2 * 1000 + 50);
    await server.stop();
  });
});

function blocks(block: Buffer, count: number): Readable {
  return Readable.from(
    (function* () {
      for (let index = 0; index < count; index++) yield block;
    })(),
  );
}

async function putStream(
  server: ServerProcess,
  name: string,
  block: Buffer,
  count: number,
): Promise<unknown> {
  const body = Readable.toWeb(blocks(block, count)) as ReadableStream;
  const init = { method: 'PUT', body, headers: AUTH, duplex: 'half' } as RequestInit;
  const response = await fetch(`${server.url}/assets/${name}`, init);
  expect(response.status).toBe(201);
  return (await json(response))['sha256'];
}

async function postStream(
  server: ServerProcess,
  name: string,
  block: Buffer,
  count: number,
): Promise<unknown> {
  const head = `--x\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n\r\n`;
  const body = Readable.from(
    (async function* () {
      yield Buffer.from(head);
      yield* blocks(block, count) as AsyncIterable<Buffer>;
      yield Buffer.from('\r\n--x--\r\n');
    })(),
  );
  const headers = { ...AUTH, 'Content-Type': 'multipart/form-data; boundary=x' };
  const init = {
    method: 'POST',
    body: Readable.toWeb(body) as ReadableStream,
    headers,
    duplex: 'half',
  } as RequestInit;
  const response = await fetch(`${server.url}/upload`, init);
  expect(response.status).toBe(200);
  return (await json(response))['sha256'];
}

async function digestOf(server: ServerProcess, name: string): Promise<string> {
  const hash = createHash('sha256');
  const response = await get(server, `/assets/${name}`);
  for await (const chunk of response.body ?? []) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}
