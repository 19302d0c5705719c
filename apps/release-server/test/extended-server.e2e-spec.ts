import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';

import { get, names, put } from './support/client.js';
import {
  killServers,
  makeDirectory,
  runToExit,
  spawnServer,
  type LogLine,
  type ServerProcess,
} from './support/process.js';
import { until } from './support/until.js';

const MAIN = resolve('dist/examples/extended-server/main.js');
const TEAMS = resolve('examples/extended-server/local.teams');
const LOCAL = { Authorization: 'Bearer local-development-token' };

describe('the extended server', () => {
  let directory: Awaited<ReturnType<typeof makeDirectory>>;
  let server: ServerProcess;
  let receiver: Server;
  const received: string[] = [];

  beforeAll(async () => {
    directory = await makeDirectory();
    let calls = 0;
    receiver = createServer((request, response) => {
      void text(request).then((body) => received.push(body));
      // The first time it fails, which nobody but the log may notice.
      response.writeHead(calls++ === 0 ? 500 : 204).end();
    });
    await once(receiver.listen(0, '127.0.0.1'), 'listening');
    const environment = {
      AUTH_TOKEN: '',
      MAX_UPLOAD_SIZE: '1MiB',
      TEAM_TOKENS_FILE: TEAMS,
      KEEP_RELEASES: '2',
      WEBHOOK_URL: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`,
    };
    server = await spawnServer(join(directory.path, 'packages'), environment, { main: MAIN });
  });

  afterAll(async () => {
    // First what is there in any case: an open listener would keep a run from ending whose server did not start.
    receiver.close();
    await server.stop();
    await killServers();
    await directory.remove();
  });

  const lines = (event: string): LogLine[] =>
    server
      .lines()
      .map((line) => JSON.parse(line) as LogLine)
      .filter((line) => line['event'] === event || line.message.includes(event));

  it('starts without a token in its configuration, and says what it keeps and where', () => {
    const message = expect.stringMatching(/, packages are in memory$/) as string;
    expect(lines('listening')).toMatchObject([{ message, keep_releases: 2 }]);
  });

  it('takes the token of a team, and no other', async () => {
    expect((await put(server, 'a-v1.0.0.zip', 'a', { headers: LOCAL })).status).toBe(201);
    expect((await put(server, 'b-v1.0.0.zip', 'b')).status).toBe(401);
    expect((await put(server, 'b-v1.0.0.zip', 'b', { headers: { Authorization: '' } })).status).toBe(401);

    expect(await names(server)).toEqual(['a-v1.0.0.zip']);
    await until(() => lines('package.published').length > 0);
    expect(lines('package.published')).toMatchObject([{ actor: 'local', name: 'a-v1.0.0.zip' }]);
  });

  it('serves what was published, and is ready for more', async () => {
    const response = await get(server, '/assets/a-v1.0.0.zip', { Range: 'bytes=0-0' });
    expect([response.status, await response.text()]).toEqual([206, 'a']);
    expect((await get(server, '/readyz')).status).toBe(200);
  });

  it('refuses what is too large, and goes on', async () => {
    // Of unknown length, so that the store has to find it out.
    const body = new Blob([Buffer.alloc(1024 ** 2 + 1)]).stream();
    const init = { method: 'PUT', body, headers: LOCAL, duplex: 'half' } as RequestInit;
    expect((await fetch(`${server.url}/assets/big.bin`, init)).status).toBe(413);
    expect(await names(server)).toEqual(['a-v1.0.0.zip']);
  });

  it('keeps the newest releases whole', async () => {
    const files = ['b-v1.0.0.zip', 'a-v2.0.0-rc.1.zip', 'b-v2.0.0-rc.1.zip', 'notes.txt', 'a-v2.0.0.zip'];
    for (const name of files) expect((await put(server, name, name, { headers: LOCAL })).status).toBe(201);

    expect(await names(server)).toEqual(['a-v2.0.0.zip', 'notes.txt', 'b-v1.0.0.zip', 'a-v1.0.0.zip']);
    await until(() => lines('package.evicted').length === 2);
    const evicted = lines('package.evicted').toSorted((a, b) => (a.message < b.message ? -1 : 1));
    expect(evicted).toMatchObject([
      { name: 'a-v2.0.0-rc.1.zip', reason: 'made room for a-v2.0.0.zip', keep_releases: 2 },
      { name: 'b-v2.0.0-rc.1.zip', reason: 'made room for a-v2.0.0.zip', keep_releases: 2 },
    ]);
  });

  it('tells its webhook of every change', async () => {
    const { status } = await fetch(`${server.url}/assets/notes.txt`, { method: 'DELETE', headers: LOCAL });
    expect(status).toBe(204);
    await until(() => received.length === 9);

    const events = received.map((body) => JSON.parse(body) as Record<string, unknown>);
    expect(events[0]).toEqual({
      type: 'package.published',
      actor: 'local',
      name: 'a-v1.0.0.zip',
      size: 1,
      sha256: createHash('sha256').update('a').digest('hex'),
    });
    const said = events.map(({ type, name }) => `${String(type)} ${String(name)}`);
    expect(said.toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      'package.deleted notes.txt',
      'package.evicted a-v2.0.0-rc.1.zip',
      'package.evicted b-v2.0.0-rc.1.zip',
      'package.published a-v1.0.0.zip',
      'package.published a-v2.0.0-rc.1.zip',
      'package.published a-v2.0.0.zip',
      'package.published b-v1.0.0.zip',
      'package.published b-v2.0.0-rc.1.zip',
      'package.published notes.txt',
    ]);
    // The first was answered with an error, which nobody but the log heard of.
    await until(() => lines('the webhook did not hear').length === 1);
  });

  it('tells everybody how much is stored, on a route of its own', async () => {
    const response = await get(server, '/stats');
    expect([response.status, await response.json()]).toEqual([200, { packages: 3, bytes: 25 }]);
  });

  it('has written nothing to disk', async () => {
    expect(await readdir(directory.path)).toEqual([]);
  });
});

describe('an extended server whose settings are wrong', () => {
  it.each([
    [{}, 'environment variable TEAM_TOKENS_FILE: expected a file'],
    [{ TEAM_TOKENS_FILE: '/dev/null', KEEP_RELEASES: '0' }, 'environment variable KEEP_RELEASES: '],
  ])('does not start with %j, and says why in one line', async (environment, message) => {
    const { code, output } = await runToExit('port: 0\nhost: 127.0.0.1\n', environment, MAIN);
    const [line, ...rest] = output.trim().split('\n');

    expect(code).toBe(78);
    expect(rest).toEqual([]);
    expect((JSON.parse(line ?? '') as LogLine).message).toContain(`the server did not start: ${message}`);
  });
});
