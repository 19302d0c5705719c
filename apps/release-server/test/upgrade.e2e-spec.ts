import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { get, json, names, put, sha256 } from './support/client.js';
import { deadDigestLog } from './support/digests.js';
import { makeDirectory } from './support/process.js';
import { AUTH, startServer, type TestServer } from './support/server.js';
import { itOnDirectory } from './support/storage.js';
import { until } from './support/until.js';

const YEAR_2025 = Date.UTC(2025, 0, 1) / 1000;
/** Oldest first. */
const PACKAGES = ['tool-v1.0.0-linux.zip', 'tool-v1.0.0-mac.zip', 'tool-v1.1.0-linux.zip', 'other.bin'];

/** A directory as the version before releases leaves it: flat files, empty places of its own, and a log of digests. */
async function makeOldDirectory(path: string): Promise<void> {
  for (const place of ['incoming', 'trash', 'meta'])
    await mkdir(join(path, '.release-server', place), { recursive: true });
  const lines: string[] = [];
  for (const [at, name] of PACKAGES.entries()) {
    await writeFile(join(path, name), `content of ${name}`);
    await utimes(join(path, name), YEAR_2025 + at, YEAR_2025 + at);
    const { size, mtimeNs, ino, ctimeNs } = await stat(join(path, name), { bigint: true });
    const fingerprint = [size, mtimeNs, ino, ctimeNs].map((one) => one.toString(16)).join('-');
    lines.push(JSON.stringify({ name, fingerprint, sha256: sha256(`content of ${name}`) }));
  }
  await writeFile(deadDigestLog(path, 0), `${lines.join('\n')}\n`);
}

/** All flat files of a directory, with bytes and times, as a version sees them that knows of no releases. */
async function flatFiles(path: string): Promise<Record<string, string>> {
  const entries = (await readdir(path, { withFileTypes: true })).filter(
    (entry) => entry.isFile() && !entry.name.startsWith('.'),
  );
  const files = entries.map(async ({ name }) => {
    const { mtimeMs } = await stat(join(path, name));
    return [name, `${mtimeMs} ${await readFile(join(path, name), 'utf8')}`];
  });
  return Object.fromEntries((await Promise.all(files)) as [string, string][]);
}

describe('a directory of the version before releases', () => {
  let directory: Awaited<ReturnType<typeof makeDirectory>>;
  let server: TestServer;

  beforeEach(async () => {
    directory = await makeDirectory();
    await makeOldDirectory(directory.path);
  });

  afterEach(async () => {
    await server.stop();
    await directory.remove();
  });

  const say = async (method: string, path: string, body?: string): Promise<number> =>
    (await fetch(`${server.url}/releases${path}`, { method, headers: AUTH, ...(body && { body }) })).status;

  itOnDirectory('opens unchanged: packages, times and digests, and their versions are releases', async () => {
    const before = await flatFiles(directory.path);
    server = await startServer({ storage_path: directory.path, max_packages: 4 });

    type Listed = { name: string; sha256: string; created_at: string; release: string | null };
    const list = await json<Listed[]>(await get(server, '/packages?format=json'));
    expect(list).toMatchObject(
      PACKAGES.toReversed().map((name, at) => ({
        name,
        sha256: sha256(`content of ${name}`),
        created_at: new Date((YEAR_2025 + PACKAGES.length - 1 - at) * 1000).toISOString(),
        release: /v[0-9.]+\d/.exec(name)?.[0] ?? null,
      })),
    );
    expect(await (await get(server, '/releases/download/v1.0.0/tool-v1.0.0-mac.zip')).text()).toBe(
      'content of tool-v1.0.0-mac.zip',
    );
    expect(await flatFiles(directory.path)).toEqual(before);
  });

  // For those who go back: what that version does not know lies where it does not look.
  itOnDirectory('keeps its flat files as they are beside releases that are made in it', async () => {
    const before = await flatFiles(directory.path);
    server = await startServer({ storage_path: directory.path });
    expect(await say('PATCH', '/v1.0.0', JSON.stringify({ notes: 'Notes of flat packages' }))).toBe(200);
    for (const tag of ['v2.0.0', 'cli%2Fv1.0.0', 'v3.0.0']) {
      const body = JSON.stringify({ tag: decodeURIComponent(tag), draft: true });
      expect(await say('POST', '', body)).toBe(201);
      expect(await say('PUT', `/${tag}/assets/tool`, tag)).toBe(201);
    }
    for (const tag of ['v2.0.0', 'v3.0.0'])
      expect(await say('PATCH', `/${tag}`, JSON.stringify({ draft: false }))).toBe(200);
    expect(await say('DELETE', '/v3.0.0')).toBe(204);
    expect((await put(server, 'new.zip', 'new')).status).toBe(201);

    const { ['new.zip']: added, ...after } = await flatFiles(directory.path);
    expect(after).toEqual(before);
    expect(added).toMatch(/ new$/);
    const folders = (await readdir(directory.path, { withFileTypes: true })).filter((one) =>
      one.isDirectory(),
    );
    expect(folders.map(({ name }) => name).toSorted()).toEqual([
      '.release-server',
      'cli%2Fv1.0.0',
      'v1.0.0',
      'v2.0.0',
    ]);
    // What that version puts there is a package here, too.
    await writeFile(join(directory.path, 'of-that-version.zip'), 'x');
    await until(async () => (await names(server)).includes('of-that-version.zip'));
  });
});
