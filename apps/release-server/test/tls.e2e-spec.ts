import { once } from 'node:events';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { connect as connectPlainly, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';

import { get, json, put } from './support/client.js';
import { killServers, runToExit, spawnServer, type LogLine } from './support/process.js';
import { readAnswer } from './support/raw.js';
import { run } from './support/scripts.js';
import { AUTH, TOKEN, withServer, type TestServer } from './support/server.js';
import { stagedIn, storageEnvironment } from './support/storage.js';
import { makeCertificate, tlsEnvironment, trust, type PemFiles } from './support/tls.js';
import { until } from './support/until.js';

const HEAD = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';

describe('TLS', () => {
  let directory: string;
  let files: PemFiles;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'release-server-'));
    files = makeCertificate(directory, { subject: 'first' });
    trust(files);
  });

  afterEach(async () => {
    await killServers();
    await rm(directory, { recursive: true });
  });

  const withTls = (use: (server: TestServer) => Promise<void>): Promise<void> =>
    withServer({ tls: files }, use);

  async function open(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
    await once(socket, 'secureConnect');
    return socket;
  }

  async function subjectAt(port: number): Promise<unknown> {
    const socket = await open(port);
    const { subject } = socket.getPeerCertificate();
    socket.destroy();
    return subject.CN;
  }

  it('has links of https', () =>
    withTls(async (server) => {
      const published = await put(server, 'a.zip', 'x');
      const url = `${server.url}/assets/a.zip`;
      expect(url).toMatch(/^https:/);
      expect(await json(published)).toMatchObject({ url });
      expect(published.headers.get('location')).toBe(url);
      const latest = await json(await get(server, '/latest'));
      expect(latest).toMatchObject({ assets: [{ browser_download_url: url }] });
      expect(published.headers.has('strict-transport-security')).toBe(false);
    }));

  it('has an origin of https, from which its page writes', () =>
    withTls(async (server) => {
      const of = (Origin: string) =>
        put(server, 'a.zip', 'x', { query: '?overwrite=true', headers: { Origin } });
      expect((await of(server.url)).status).toBe(201);
      expect((await of(`https://127.0.0.1:${server.port + 1}`)).status).toBe(403);
    }));

  it('is spoken by the scripts, to whom CURL_CA_BUNDLE names the issuer', () =>
    withTls(async (server) => {
      const { url } = server;
      const file = join(directory, 'a.zip');
      await writeFile(file, 'x');
      const environment = { RELEASE_SERVER_URL: url, RELEASE_SERVER_TOKEN: TOKEN };
      const stranger = await run('upload.sh', ['--retries', '0', file], environment);
      expect(stranger.code).toBe(1);
      expect(stranger.stderr).toMatch(/certificate/);
      expect(await server.stored()).toEqual([]);
      const trusting = { ...environment, CURL_CA_BUNDLE: files.cert_file };
      expect((await run('upload.sh', [file], trusting)).code).toBe(0);
      expect(await server.stored()).toEqual(['a.zip']);
      expect((await run('delete.sh', ['a.zip'], trusting)).code).toBe(0);
      expect(await server.stored()).toEqual([]);
    }));

  it('is of version 1.2 or 1.3', () =>
    withTls(async ({ port }) => {
      for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
        const socket = await open(port, { minVersion: version, maxVersion: version });
        expect(socket.getProtocol()).toBe(version);
        socket.destroy();
      }
      const old = { maxVersion: 'TLSv1.1', minVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
      await expect(open(port, old)).rejects.toThrow(/protocol version/);
    }));

  it.each(['GET /latest', 'PUT /assets/a.zip'])('tells who speaks plain HTTP to use https: %s', (request) =>
    withTls(async ({ port }) => {
      const socket = connectPlainly(port, '127.0.0.1');
      socket.write(`${request} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`);
      const { status, head, body } = await readAnswer(socket, 1000);
      expect(status).toBe(400);
      expect(head).toMatch(/^Connection: close$/m);
      expect(JSON.parse(body)).toMatchObject({
        code: 'bad_request',
        detail: 'This port speaks HTTPS, and this was plain HTTP: use https://.',
      });
    }),
  );

  it.each([
    ['no TLS at all', Buffer.from('hello\r\n\r\n'.repeat(100))],
    ['a record that is none', Buffer.from([22, 3, 1, 0, 5, 1, 2, 3, 4, 5])],
  ])('closes a connection with %s, and serves on', (_, bytes) =>
    withTls(async (server) => {
      const socket = connectPlainly(server.port, '127.0.0.1').on('error', () => undefined);
      socket.write(bytes);
      expect((await readAnswer(socket, 1000)).text).not.toContain('HTTP/');
      expect(socket.destroyed).toBe(true);
      expect((await get(server, '/healthz')).status).toBe(200);
    }),
  );

  it('closes a connection whose handshake takes longer than 10 s, whether its client says half of it or nothing', () =>
    withTls(async ({ port }) => {
      const closing = ['', '\x16\x03\x01\x02\x00\x01\x00'].map(async (bytes) => {
        const began = Date.now();
        const socket = connectPlainly(port, '127.0.0.1').on('error', () => undefined);
        socket.write(Buffer.from(bytes, 'latin1'));
        socket.resume();
        await once(socket, 'close');
        return Date.now() - began;
      });
      for (const time of await Promise.all(closing)) {
        expect(time).toBeGreaterThan(9000);
        expect(time).toBeLessThan(13_000);
      }
    }));

  it('closes at once although handshakes are under way', async () => {
    let socket: Socket | undefined;
    let began = 0;
    await withTls(async ({ port }) => {
      socket = connectPlainly(port, '127.0.0.1').on('error', () => undefined);
      await once(socket, 'connect');
      await delay(100);
      began = Date.now();
    });
    // Caught: waiting for them, for Node knows of no connection before there is HTTP.
    expect(Date.now() - began).toBeLessThan(3000);
    socket?.destroy();
  });

  it('answers what is under way when it closes', () =>
    withTls(async (server) => {
      const socket = await open(server.port);
      socket.write(`PUT /assets/n.zip HTTP/1.1\r\nHost: x\r\nAuthorization: ${AUTH.Authorization}\r\n`);
      socket.write('Content-Length: 10\r\n\r\nhalf ');
      await until(async () => (await server.staged()).length === 1);
      (server.app.getHttpServer() as Server).close();
      socket.write('whole');
      expect((await readAnswer(socket, 1000)).status).toBe(201);
    }));

  describe('with new files', () => {
    const lines = (server: { lines(): string[] }): LogLine[] =>
      server
        .lines()
        .map((line) => JSON.parse(line) as LogLine)
        .filter(({ module }) => module === 'tls');

    const start = (pair: PemFiles) =>
      spawnServer(join(directory, 'data'), { LOG_LEVEL: 'info', ...tlsEnvironment(pair) });

    beforeEach(() => mkdir(join(directory, 'data')));

    it('gives them to new connections within a second, and leaves those that are there alone', async () => {
      const server = await start(files);
      const old = await open(server.port);
      expect(await subjectAt(server.port)).toBe('first');
      await delay(1000);
      makeCertificate(directory, { subject: 'second' });
      await delay(1000);
      expect(await subjectAt(server.port)).toBe('second');
      old.write(HEAD);
      expect(String(await once(old, 'data'))).toMatch(/^HTTP\/1\.1 200/);
      old.destroy();
      await server.stop();
      expect(lines(server)).toMatchObject([
        {
          level: 'INFO',
          message: expect.stringMatching(/^new connections have the new certificate of localhost/),
        },
      ]);
    });

    it('follows the symbolic link by which a Secret of Kubernetes changes', async () => {
      for (const version of ['1', '2']) {
        await mkdir(join(directory, version));
        makeCertificate(join(directory, version), { subject: version });
      }
      await symlink('1', join(directory, '..data'));
      const mounted = { cert_file: join(directory, 'mounted.crt'), key_file: join(directory, 'mounted.key') };
      for (const [key, path] of Object.entries(mounted))
        await symlink(`..data/${key === 'cert_file' ? 'tls.crt' : 'tls.key'}`, path);
      const server = await start(mounted);
      expect(await subjectAt(server.port)).toBe('1');
      await symlink('2', join(directory, '..data_tmp'));
      await rename(join(directory, '..data_tmp'), join(directory, '..data'));
      await delay(1000);
      expect(await subjectAt(server.port)).toBe('2');
      await server.stop();
      expect(lines(server)).toHaveLength(1);
    });

    it('goes on with the old pair where the new one cannot be used, and says so once', async () => {
      const server = await start(files);
      const other = makeCertificate(directory, { name: 'other', subject: 'other' });
      await rename(other.key_file, files.key_file);
      await until(() => lines(server).length === 1);
      expect(await subjectAt(server.port)).toBe('first');
      expect(lines(server)).toMatchObject([
        {
          level: 'ERROR',
          event: 'tls.refused',
          message: expect.stringMatching(/stays in use, .*is not that of the certificate in cert_file/),
        },
      ]);
      const { key_file } = makeCertificate(directory, { name: 'third' });
      await rename(key_file, files.key_file);
      await delay(1500);
      expect(lines(server)).toHaveLength(1);
      makeCertificate(directory, { subject: 'right' });
      await until(() => lines(server).length === 2);
      expect(await subjectAt(server.port)).toBe('right');
      await server.stop();
    });

    it.each([
      [30, []],
      [10, [expect.stringMatching(/tls\.crt of localhost.* expires in 10 days$/)]],
    ])('warns at the start of a certificate that has %i days, where they are few', async (days, messages) => {
      const server = await start(makeCertificate(directory, { days }));
      await server.stop();
      expect(lines(server).map(({ message }) => message)).toEqual(messages);
    });
  });

  it('finishes what is under way on SIGTERM, and ends though a handshake is not', async () => {
    const data = join(directory, 'data');
    await mkdir(data);
    const server = await spawnServer(data, tlsEnvironment(files));
    const handshaking = connectPlainly(server.port, '127.0.0.1').on('error', () => undefined);
    const socket = await open(server.port);
    socket.write(`PUT /assets/n.zip HTTP/1.1\r\nHost: x\r\nAuthorization: ${AUTH.Authorization}\r\n`);
    socket.write('Content-Length: 10\r\n\r\nhalf ');
    await until(async () => (await stagedIn(data)).length === 1);
    server.child.kill('SIGTERM');
    await until(async () => (await get(server, '/readyz')).status === 503);
    socket.write('whole');
    expect((await readAnswer(socket, 300)).status).toBe(201);
    const answered = Date.now();
    expect(await server.exited).toBe(0);
    expect(Date.now() - answered).toBeLessThan(3000);
    handshaking.destroy();
  });

  it('stops the start with 78 and what to do where its files cannot be used', async () => {
    const { key_file } = makeCertificate(directory, { name: 'other' });
    const { code, output } = await runToExit(
      `auth_token: ${TOKEN}\nport: 0\ntls:\n  cert_file: ${files.cert_file}\n  key_file: ${key_file}\n`,
      storageEnvironment(directory),
    );
    expect(code).toBe(78);
    const { message } = JSON.parse(output.trim().split('\n').at(-1) ?? '') as LogLine;
    expect(message).toMatch(
      /^the server did not start: \S+config\.yaml:3: tls: the key in key_file .*: give the two/,
    );
  });
});
