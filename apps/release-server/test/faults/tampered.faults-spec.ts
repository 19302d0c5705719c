import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { get, json, put, sha256 } from '../support/client.js';
import { deadDigestLog, takeDigestLines } from '../support/digests.js';
import { putObjects, removeObjects } from '../support/object-store.js';
import { runToExit } from '../support/process.js';
import { TOKEN } from '../support/server.js';
import { prefixOf, storageEnvironment } from '../support/storage.js';
import { until } from '../support/until.js';
import { objectStore } from './support/behind-proxy.js';
import { row, type Row } from './support/row.js';

const MEMORY = '/dev/shm';
const HOSTILE = "x'; touch PWNED; '-v9.zip";
const MARKUP = '<img src=x onerror=alert(1)>';

row(
  'X8',
  'cached digests, times of files, records of releases and the index of a bucket tampered with: names, digests, sizes, times, 1 GB, prototypes',
  { rounds: { usual: 1, long: 20, of: 'rounds' }, timeout: { usual: 180_000, long: 3_600_000 } },
  async (own) => {
    for (let round = 0; round < own.rounds; round++) {
      // Disks may not keep times that are out of range; memory does.
      const base = await mkdtemp(join(existsSync(MEMORY) ? MEMORY : own.directory, 'tampered-'));
      own.atEnd(() => rm(base, { recursive: true, force: true }));
      await tamperWithDirectory(own, base);
      await tamperWithRecords(own, join(base, 'releases'));
      if (objectStore() === undefined) await tamperWithBucket(join(own.directory, `bucket-${round}`));
    }
    own.note(objectStore() === undefined ? 'index tampered with' : 'no index: no object store');
  },
);

/** What lies in the place of a log with one digest: each is a path to be made. */
const CACHED: ((path: string, text: string) => unknown)[] = [
  (path) => execFileSync('truncate', ['-s', '1G', path]),
  (path) => execFileSync('mkfifo', [path]),
  (path) => mkdir(path),
  (path) => symlink('/dev/zero', path),
  (path, text) => writeFile(path, text.replace(/[0-9a-f]{64}/, HOSTILE)),
  (path, text) => writeFile(path, text.replace(/[0-9a-f]{64}/, MARKUP)),
  (path, text) => writeFile(path, text.replace('{', '{"__proto__":{"sha256":"x"},')),
  (path) => writeFile(path, `{"__proto__":{"name":"6.zip"},"constructor":1}\n`),
];

async function tamperWithDirectory({ server }: Row, directory: string): Promise<void> {
  const first = await server({}, { directory });
  const contents = new Map(CACHED.map((_, index) => [`${index}.zip`, `content ${index}`]));
  for (const [name, content] of contents) expect((await put(first, name, content)).status).toBe(201);
  await first.stop();
  const lines = await takeDigestLines(directory);
  expect(lines).toHaveLength(CACHED.length);
  for (const [index, tamper] of CACHED.entries()) {
    await tamper(deadDigestLog(directory, index), `${lines[index]}\n`);
  }
  for (const [index, time] of ['@99999999999999', '@-1', '1601-01-01', '@253402300800'].entries()) {
    execFileSync('touch', ['-d', time, join(directory, `${index}.zip`)]);
  }

  const second = await server({}, { directory });
  const list = async () =>
    json<{ name: string; sha256: string | null; created_at: string }[]>(
      await get(second, '/packages?format=json'),
    );
  await until(async () => (await list()).every((one) => one.sha256 !== null));
  for (const { name, sha256: digest, created_at } of await list()) {
    expect(`${name} ${digest}`).toBe(`${name} ${sha256(contents.get(name) ?? '')}`);
    expect(created_at).toMatch(/^\d{4}-/);
  }
  expect(await list()).toHaveLength(contents.size);
  for (const path of ['/packages', '/latest', ...[...contents.keys()].map((name) => `/assets/${name}`)]) {
    const answer = await get(second, path);
    expect(`${path}: ${answer.status}`).toBe(`${path}: 200`);
    const text = await answer.text();
    for (const word of ['PWNED', MARKUP]) expect(text).not.toContain(word);
  }
  await second.stop();
}

const RECORD = { isDraft: false, createdAt: 1_700_000_000_000, updatedAt: 1_700_000_000_000 };

/** What lies in the place of a release's record, each a path to be made, and is none: its release is not shown. */
const NO_RECORDS: ((path: string) => unknown)[] = [
  (path) => execFileSync('truncate', ['-s', '1G', path]),
  (path) => execFileSync('mkfifo', [path]),
  (path) => mkdir(path),
  (path) => symlink('/dev/zero', path),
  (path) => writeFile(path, JSON.stringify(RECORD).slice(0, 20)),
  (path) => writeFile(path, JSON.stringify(RECORD).replace('{', '{"__proto__":{"isDraft":false},')),
  (path) => writeFile(path, JSON.stringify({ ...RECORD, createdAt: 1e17 })),
  (path) => writeFile(path, JSON.stringify({ ...RECORD, isDraft: 'no' })),
  (path) => writeFile(path, JSON.stringify({ ...RECORD, labels: { [HOSTILE]: 'x' } })),
  (path) => writeFile(path, JSON.stringify({ ...RECORD, notes: 'x'.repeat(7 * 1024 * 1024) })),
];

async function tamperWithRecords({ server }: Row, directory: string): Promise<void> {
  for (const [index, tamper] of NO_RECORDS.entries()) {
    const folder = join(directory, `v${index + 1}.0.0`);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'tool'), `content ${index}`);
    await tamper(join(folder, '.release.json'));
  }
  const shown = { ...RECORD, title: MARKUP, notes: `# ${MARKUP}`, author: MARKUP, labels: { tool: MARKUP } };
  await mkdir(join(directory, 'v100.0.0'));
  await writeFile(join(directory, 'v100.0.0/tool'), 'content');
  await writeFile(join(directory, 'v100.0.0/.release.json'), JSON.stringify({ ...shown, tag: HOSTILE }));

  const one = await server({}, { directory });
  const list = async (): Promise<unknown[]> =>
    (
      await json<{ tag_name: string; assets: { name: string }[] }[]>(await get(one, '/repos/a/b/releases'))
    ).map(({ tag_name: tag, assets }) => [tag, assets.map(({ name }) => name)]);
  await until(async () => (await list()).length > 0);
  expect(await list()).toEqual([['v100.0.0', ['tool']]]);
  for (const index of NO_RECORDS.keys()) {
    const { status } = await get(one, `/releases/download/v${index + 1}.0.0/tool`);
    expect(`v${index + 1}.0.0: ${status}`).toBe(`v${index + 1}.0.0: 404`);
  }
  for (const path of ['/releases', '/releases/tag/v100.0.0', '/packages?format=html', '/releases.atom']) {
    const answer = await get(one, path);
    expect(`${path}: ${answer.status}`).toBe(`${path}: 200`);
    const text = await answer.text();
    for (const word of ['PWNED', MARKUP]) expect(text).not.toContain(word);
  }
  await one.stop();
}

async function tamperWithBucket(directory: string): Promise<void> {
  const prefix = prefixOf(directory);
  const entry = (name: string) => ({
    key: `${prefix}packages/1/${name}`,
    size: 1,
    sha256: 'ab'.repeat(32),
    at: 1_700_000_000_000,
  });
  const index = (packages: Record<string, unknown>, releases?: Record<string, unknown>): string =>
    JSON.stringify({ format: 1, seq: 1, last: 1, packages, garbage: [], releases });
  const records = (tag: string, record: unknown, key = `${prefix}releases/1/.release.json`): string =>
    index({}, { since: 1, records: { [tag]: { key, record } }, packages: {}, garbage: [] });
  const record = { tag: 'v1', isDraft: false, createdAt: 1, updatedAt: 1 };
  const tampered: [string, string][] = [
    [index({ [HOSTILE]: entry(HOSTILE) }), `packages["${HOSTILE}"]: not a package name`],
    [index({ [MARKUP]: entry(MARKUP) }), `packages["${MARKUP}"]: not a package name`],
    [index({ ['__proto__']: entry('__proto__') }), 'packages["__proto__"]: not a package name'],
    [index({ 'a.zip': { ...entry('a.zip'), sha256: HOSTILE } }), 'packages["a.zip"].sha256: not a digest'],
    [index({ 'a.zip': { ...entry('a.zip'), at: 1e17 } }), 'packages["a.zip"].at: not a time'],
    [index({ 'a.zip': { ...entry('a.zip'), key: 'other/secret' } }), 'packages["a.zip"].key: not the key'],
    [records('v1', { ...record, tag: 'v2' }), 'releases.records["v1"].record.tag: another one'],
    [records('v1', { ...record, createdAt: 1e17 }), 'releases.records["v1"].record.createdAt: not a time'],
    [records('v1', record, 'other/secret'), 'releases.records["v1"].key: not the key of a record'],
    [records('..', { ...record, tag: '..' }), 'releases.records[".."].record: not a tag of a release'],
    [
      index({}, { since: 1, records: {}, packages: { 'v1/..': entry('v1/..') }, garbage: [] }),
      'releases.packages["v1/.."]: not a package name',
    ],
    [' '.repeat(65 * 1024 * 1024), 'more than the 67108864 that are read'],
  ];
  for (const [text, flaw] of tampered) {
    await putObjects({ [`${prefix}index.json`]: text });
    const environment = { AUTH_TOKEN: TOKEN, PORT: '0', HOST: '127.0.0.1', MIN_FREE_SPACE: '0' };
    const { code, output } = await runToExit('', {
      ...environment,
      ...storageEnvironment(directory, process.env['S3_ENDPOINT']),
    });
    expect(`${flaw}: ${code}`).toBe(`${flaw}: 1`);
    expect(output.replaceAll('\\"', '"')).toContain(flaw);
  }
  await removeObjects(prefix);
}
