import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { put } from '../support/client.js';
import { MAIN } from '../support/built-server.js';
import { runToExit } from '../support/process.js';
import { TOKEN } from '../support/server.js';
import { row, type Row } from './support/row.js';

const PHOTOS = 260;
const LIMIT = 200;
/** Named as a process of another machine that is long gone would have named what it received and withdrew. */
const TAG = 'ffffffffffff.1.00000000';
/** What somebody else has, of which a part has the very names that the server gives to its own files. */
const PRECIOUS = ['thesis.docx', `${TAG}~1`, `${TAG}.1~a.zip`, `${'a'.repeat(64)}.json`, 'index.json'];
/** No store answers there. */
const BUCKET = {
  STORAGE_DRIVER: 's3',
  S3_BUCKET: 'releases',
  S3_ENDPOINT: 'http://127.0.0.1:1',
  S3_REGION: 'us-east-1',
  S3_ACCESS_KEY_ID: 'key',
  S3_SECRET_ACCESS_KEY: 'secret',
};

row(
  'X6',
  'own directories replaced by links, a used directory as storage or as spool, starts that are killed',
  { rounds: { usual: 1, long: 20, of: 'rounds' }, timeout: { usual: 240_000, long: 3_600_000 } },
  async (own) => {
    for (let round = 0; round < own.rounds; round++) {
      const at = join(own.directory, `${round}`);
      await mkdir(at);
      await replaceByLinks(own, at);
      await serveUsedDirectory(join(at, 'photos'));
      await spoolIntoUsedDirectory(join(at, 'documents'));
    }
  },
);

async function makeDirectory(path: string, names: readonly string[]): Promise<void> {
  await mkdir(path);
  for (const name of names) await writeFile(join(path, name), `content of ${name}`);
}

/** Holds a directory against what it was made with. */
async function expectUntouched(path: string, names: readonly string[]): Promise<void> {
  expect((await readdir(path)).toSorted()).toEqual(names.toSorted());
  for (const name of names) expect(await readFile(join(path, name), 'utf8')).toBe(`content of ${name}`);
}

async function startInVain(
  environment: Record<string, string>,
): Promise<{ code: number | null; output: string }> {
  return runToExit('', { AUTH_TOKEN: TOKEN, PORT: '0', HOST: '127.0.0.1', ...environment });
}

async function replaceByLinks({ server, directory }: Row, at: string): Promise<void> {
  const outside = join(at, 'outside');
  await makeDirectory(outside, PRECIOUS);
  for (const name of ['.', 'incoming', 'trash', 'meta']) {
    const storage = join(directory, `storage-${name}`);
    const victim = await server({}, { directory: storage });
    expect((await put(victim, 'a.zip', 'a')).status).toBe(201);
    await victim.stop();
    const path = join(storage, '.release-server', name);
    await rename(path, join(storage, '.moved'));
    await symlink(outside, path);

    const { code, output } = await startInVain({ STORAGE_PATH: storage });

    expect(`${name}: ${code}`).toBe(`${name}: 1`);
    expect(output).toContain('is a symbolic link');
    await expectUntouched(outside, PRECIOUS);

    await unlink(path);
    await rename(join(storage, '.moved'), path);
    const running = await server({}, { directory: storage });
    await rename(path, join(storage, '.moved'));
    await symlink(outside, path);
    expect(`${name}: ${(await fetch(`${running.url}/readyz`)).status}`).toBe(`${name}: 503`);
    // Whether it is stored or refused: nobody's files are lost by it.
    await (await put(running, 'b.zip', 'b')).text();
    await running.stop();
    await unlink(path);
    await rename(join(storage, '.moved'), path);
    for (const lost of PRECIOUS) expect(await readdir(outside)).toContain(lost);
    for (const extra of await readdir(outside)) if (!PRECIOUS.includes(extra)) await rm(join(outside, extra));
    await rm(storage, { recursive: true });
  }
}

async function serveUsedDirectory(path: string): Promise<void> {
  const photos = Array.from({ length: PHOTOS }, (_, index) => `photo-${index}.jpg`);
  await makeDirectory(path, photos);
  const environment = { STORAGE_PATH: path, MAX_PACKAGES: `${LIMIT}` };
  const incoming = join(path, '.release-server', 'incoming');
  for (let kill = 0; kill < 3; kill++) {
    const child = spawn(process.execPath, [MAIN], {
      env: { CONFIG_PATH: '/dev/null', AUTH_TOKEN: TOKEN, PORT: '0', HOST: '127.0.0.1', ...environment },
      stdio: 'ignore',
    });
    const exited = once(child, 'exit');
    // Before it has decided about what it found.
    while (child.exitCode === null && !(await isThere(incoming))) await delay(1);
    child.kill('SIGKILL');
    await exited;
    expect((await readdir(path)).filter((name) => !name.startsWith('.'))).toHaveLength(PHOTOS);
  }

  const { code, output } = await startInVain(environment);

  expect(code).toBe(78);
  expect(output).toContain(
    `holds ${PHOTOS} files that would be packages, of which retention would remove 60`,
  );
  expect(output).toContain(`Change max_packages (now ${LIMIT})`);
  await expectUntouched(path, photos);
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

async function spoolIntoUsedDirectory(path: string): Promise<void> {
  await makeDirectory(path, PRECIOUS);
  const { output } = await startInVain({ ...BUCKET, S3_SPOOL_PATH: path });
  expect(output).toContain('the server did not start');
  expect((await stat(join(path, 'release-server-spool'))).mode & 0o777).toBe(0o700);
  await rm(join(path, 'release-server-spool'), { recursive: true });
  await expectUntouched(path, PRECIOUS);
}
