import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { get, json, put, sha256 } from './support/client.js';
import { AUTH, startServer, type TestServer } from './support/server.js';

const FILES = ['tool-linux', 'tool-mac', 'Tool_1+2~x@3.txt'];

describe('SHA256SUMS of a release', () => {
  let server: TestServer;
  let directory: string;

  beforeAll(async () => {
    server = await startServer();
    directory = await mkdtemp(join(tmpdir(), 'checksums-'));
    await put(server, 'flat-v2.0.0.zip', 'flat');
    for (const file of FILES) await putAsset('v2.0.0', file, `v2 ${file}`);
  });

  afterAll(async () => {
    await server.stop();
    await rm(directory, { recursive: true });
  });

  async function putAsset(tag: string, file: string, body: string): Promise<void> {
    const url = `${server.url}/releases/${encodeURIComponent(tag)}/assets/${encodeURIComponent(file)}`;
    expect((await fetch(url, { method: 'PUT', headers: AUTH, body })).ok).toBe(true);
  }

  it.each(['/releases/download/v2.0.0', '/releases/latest/download', '/acme/tool/releases/download/2.0.0'])(
    'are what sha256sum checks downloads of %s with',
    async (path) => {
      for (const file of [...FILES, 'flat-v2.0.0.zip', 'SHA256SUMS']) {
        const answer = await get(server, `${path}/${encodeURIComponent(file)}`);
        expect([file, answer.status]).toEqual([file, 200]);
        await writeFile(join(directory, file), await answer.bytes());
      }
      const check = (): Promise<{ stdout: string }> =>
        promisify(execFile)('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: directory });
      const { stdout } = await check();
      expect(stdout.trim().split('\n').toSorted()).toEqual(
        [...FILES, 'flat-v2.0.0.zip'].map((file) => `${file}: OK`).toSorted(),
      );
      await writeFile(join(directory, 'tool-mac'), 'other bytes');
      await expect(check()).rejects.toMatchObject({
        code: 1,
        stdout: expect.stringContaining('tool-mac: FAILED'),
      });
    },
  );

  it('are text that is sent once', async () => {
    const path = '/releases/download/v2.0.0/SHA256SUMS';
    const answer = await get(server, path);
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    const etag = answer.headers.get('etag') ?? '';
    expect((await get(server, path, { 'If-None-Match': etag })).status).toBe(304);
    const head = await fetch(`${server.url}${path}`, { method: 'HEAD' });
    expect([head.status, head.headers.get('etag'), head.headers.get('content-length')]).toEqual([
      200,
      etag,
      String((await answer.bytes()).length),
    ]);
    await putAsset('v2.0.0', 'late', 'late');
    const later = await get(server, path, { 'If-None-Match': etag });
    expect([later.status, await later.text()]).toEqual([
      200,
      expect.stringContaining(`${sha256('late')}  late\n`),
    ]);
  });

  it('are the stored ones where there are such', async () => {
    await putAsset('v3.0.0', 'tool', 'tool');
    await putAsset('v3.0.0', 'SHA256SUMS', 'my own');
    for (const path of ['/releases/download/v3.0.0', '/releases/latest/download']) {
      const answer = await get(server, `${path}/SHA256SUMS`, { Range: 'bytes=3-' });
      expect([answer.status, await answer.text()]).toEqual([206, 'own']);
    }
    await fetch(`${server.url}/releases/v3.0.0`, { method: 'DELETE', headers: AUTH });
  });

  it('are not there without a package, and nowhere else', async () => {
    const body = JSON.stringify({ tag: 'v1.0.0' });
    await fetch(`${server.url}/releases`, { method: 'POST', headers: AUTH, body });
    await fetch(`${server.url}/releases`, {
      method: 'POST',
      headers: AUTH,
      body: JSON.stringify({ tag: 'v9.0.0', draft: true }),
    });
    await putAsset('v9.0.0', 'tool', 'tool');
    for (const tag of ['v1.0.0', 'v9.0.0', 'v4', '..%2Fv2.0.0', '%00', 'v'.repeat(300)]) {
      expect([tag, (await get(server, `/releases/download/${tag}/SHA256SUMS`)).status]).toEqual([tag, 404]);
    }
    expect((await get(server, '/assets/SHA256SUMS')).status).toBe(404);
    expect((await get(server, '/releases/download/v2.0.0/sha256sums')).status).toBe(404);
    expect(await json(await get(server, '/releases/download/v1.0.0/SHA256SUMS'))).toMatchObject({
      code: 'package_not_found',
    });
  });
});
