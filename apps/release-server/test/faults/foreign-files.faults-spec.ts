import { execFileSync, spawnSync } from 'node:child_process';
import { lstat, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { get, names, put } from '../support/client.js';
import { makeDirectory, type ServerProcess } from '../support/process.js';
import { AUTH } from '../support/server.js';
import { until } from '../support/until.js';
import { row } from './support/row.js';

const OVERWRITE = { query: '?overwrite=true' };
const SECRET = 'a secret of the machine';
/** More than the server keeps in memory, so that every read opens the file. */
const LARGE = 300_000;
/** Milliseconds within which everything has to be answered. */
const PATIENCE = 5000;

row(
  'C6',
  'symbolic links, FIFOs, sockets and directories in the place of packages',
  { rounds: { usual: 2, long: 100, of: 'rounds' } },
  async ({ server, rounds, directory }) => {
    const outside = await makeDirectory();
    try {
      await writeFile(join(outside.path, 'secret'), SECRET);
      let one = await server();
      for (let round = 0; round < rounds; round++) {
        await replacePackages(one, directory, outside.path);
        await refuseStrangers(one, directory, outside.path);
        await one.stop();
        one = await server();
        expect(await names(one)).toEqual(['plain.bin']);
        await overwriteStrangers(one, directory, outside.path);
      }
    } finally {
      await outside.remove();
    }
  },
);

/** Something that is no package, and how it is put at a path. */
type Stranger = (path: string, outside: string) => Promise<void>;

const STRANGERS: Record<string, Stranger> = {
  'link-to-secret.bin': (path, outside) => symlink(join(outside, 'secret'), path),
  'link-to-package.bin': (path) => symlink('plain.bin', path),
  'link-to-directory.bin': (path, outside) => symlink(outside, path),
  'link-to-itself.bin': (path) => symlink(path, path),
  'link-to-nothing.bin': (path, outside) => symlink(join(outside, 'nothing'), path),
  'link-to-device.bin': (path) => symlink('/dev/zero', path),
  'fifo.bin': async (path) => void execFileSync('mkfifo', [path]),
  'directory.bin': (path) => mkdir(path),
  'socket.bin': listenAt,
};

/** Puts strangers under the names of packages that the server knows, and asks for those at once. */
async function replacePackages(server: ServerProcess, directory: string, outside: string): Promise<void> {
  const replaced: [string, Stranger][] = [
    [
      'was-moved.bin',
      (path) => rename(path, `${outside}/moved`).then(() => symlink(`${outside}/moved`, path)),
    ],
    ['was-package.bin', replacedBy('fifo.bin')],
    ['was-directory.bin', replacedBy('directory.bin')],
  ];
  for (const [name, replace] of replaced) {
    expect((await put(server, name, Buffer.alloc(LARGE, name))).status).toBe(201);
    await replace(join(directory, name), outside);
    const answer = await answered(get(server, `/assets/${name}`));
    expect(`${name}: ${answer.status}`).toBe(`${name}: 404`);
  }
  await until(async () => (await names(server)).every((name) => !name.startsWith('was-')));
  for (const [name] of replaced) await rm(join(directory, name), { recursive: true });
}

function replacedBy(stranger: string): Stranger {
  return async (path, outside) => {
    await rm(path);
    await STRANGERS[stranger]?.(path, outside);
  };
}

async function refuseStrangers(server: ServerProcess, directory: string, outside: string): Promise<void> {
  expect((await put(server, 'plain.bin', 'plain', OVERWRITE)).ok).toBe(true);
  for (const [name, make] of Object.entries(STRANGERS)) {
    await rm(join(directory, name), { recursive: true, force: true });
    await make(join(directory, name), outside);
  }
  // Longer than a file must be left alone before it is taken for whole.
  await delay(1200);
  const known = await names(server);
  expect(`listed: ${known.join(' ')}`).toBe('listed: plain.bin');
  await Promise.all(
    Object.keys(STRANGERS).map(async (name) => {
      const url = `${server.url}/assets/${name}`;
      expect(`GET ${name}: ${(await answered(fetch(url))).status}`).toBe(`GET ${name}: 404`);
      for (const [method, status] of [
        ['HEAD', 404],
        ['DELETE', 404],
        ['PUT', 409],
      ] as const) {
        const body = method === 'PUT' ? 'new' : null;
        const response = await answered(fetch(url, { method, headers: AUTH, body }));
        expect(`${method} ${name}: ${response.status}`).toBe(`${method} ${name}: ${status}`);
      }
    }),
  );
}

/** What is not a directory gives way to a package, and what it leads to stays as it is. */
async function overwriteStrangers(server: ServerProcess, directory: string, outside: string): Promise<void> {
  for (const name of Object.keys(STRANGERS)) {
    const { status } = await answered(put(server, name, `new ${name}`, OVERWRITE));
    expect(`${name}: ${status}`).toBe(`${name}: ${name === 'directory.bin' ? 409 : 201}`);
    if (status !== 201) continue;
    const answer = await answered(get(server, `/assets/${name}`));
    expect(`${answer.status}: ${await answer.text()}`).toBe(`200: new ${name}`);
  }
  expect(await readFile(join(outside, 'secret'), 'utf8')).toBe(SECRET);
  expect(await (await get(server, '/assets/plain.bin')).text()).toBe('plain');
  for (const name of Object.keys(STRANGERS)) await rm(join(directory, name), { recursive: true });
  await until(async () => (await names(server)).length === 1);
}

async function answered(answer: Promise<Response>): Promise<Response> {
  const late = delay(PATIENCE, undefined, { ref: false }).then(() => {
    throw new Error(`no answer within ${PATIENCE} ms`);
  });
  return Promise.race([answer, late]);
}

/** Leaves a socket behind, as a program does that is killed while it listens. */
async function listenAt(path: string): Promise<void> {
  const program = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', program, path]);
  expect((await lstat(path)).isSocket()).toBe(true);
}
