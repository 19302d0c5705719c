import { statfs } from 'node:fs/promises';

import { get, names, post, put, sha256 } from '../support/client.js';
import { AUTH } from '../support/server.js';
import { until } from '../support/until.js';
import { staged } from './support/descriptors.js';
import { mounting, mountTmpfs } from './support/mounts.js';
import { row } from './support/row.js';
import { answerOf, bytesOf, digestOf, download, openUpload, upload } from './support/transfers.js';

const MIB = 1024 * 1024;

row(
  'R1',
  'a disk of 20 MiB: 15 MiB are stored, 15 more are refused with 507, something small is stored',
  { rounds: { usual: 3, long: 100, of: 'rounds' }, needs: [mounting] },
  async ({ server, rounds, atEnd }) => {
    const disk = await mountTmpfs('20m');
    atEnd(disk.remove);
    const one = await server({}, { directory: disk.path });
    const size = 15 * MIB;
    const full = { status: 507, answer: { code: 'insufficient_storage' } };
    const free = async (): Promise<number> => {
      const { bavail, bsize } = await statfs(disk.path);
      return bavail * bsize;
    };
    const before = await free();
    for (let round = 0; round < rounds; round++) {
      expect((await upload(one, 'first', size)).status).toBe(201);
      // Announced, it is refused at once; in chunks, when the disk has no room for the next byte.
      for (const form of [false, true])
        for (const chunked of [false, true])
          expect(await upload(one, 'second', size, { form, chunked })).toMatchObject(full);
      expect((await put(one, 'small', 'small')).status).toBe(201);
      expect(await names(one)).toEqual(['small', 'first']);
      const kept = { status: 200, length: size, digest: digestOf('first', size) };
      expect(await download(one, '/assets/first')).toMatchObject(kept);

      // What is deleted or given up is room at once, and of two who want it one gets it.
      for (const name of ['first', 'small'])
        expect((await fetch(`${one.url}/assets/${name}`, { method: 'DELETE', headers: AUTH })).status).toBe(
          204,
        );
      await until(async () => before - (await free()) < MIB);
      const begun = (): Promise<boolean> => staged(disk.path).then(({ length }) => length === 1);
      const [head, ...rest] = bytesOf('third', size);
      const given = openUpload(one, 'third', size);
      given.on('error', () => undefined).write(head);
      await until(begun);
      given.destroy();
      await until(async () => (await staged(disk.path)).length === 0);
      const slow = openUpload(one, 'third', size);
      slow.write(head);
      const stored = answerOf(slow);
      const fits = { status: 201, answer: { sha256: digestOf('third', size) } };
      // Were it refused, it would say so at once.
      await Promise.race([until(begun), stored.then((answer) => expect(answer).toMatchObject(fits))]);
      const waiting = openUpload(one, 'fourth', size, { headers: { Expect: '100-continue' } });
      const continued = new Promise<string>((resolve) =>
        waiting.once('continue', () => resolve('continued')),
      );
      waiting.flushHeaders();
      expect(await Promise.race([answerOf(waiting), continued])).toMatchObject(full);
      waiting.destroy();
      for (const block of rest) slow.write(block);
      slow.end();
      expect(await stored).toMatchObject(fits);
      expect((await fetch(`${one.url}/assets/third`, { method: 'DELETE', headers: AUTH })).status).toBe(204);
      await until(async () => before - (await free()) < MIB);
    }
    expect((await get(one, '/readyz')).status).toBe(200);
  },
);

row(
  'R2',
  'a length beyond the free space is refused with 507, one beyond the limit with 413, before the body is sent',
  { rounds: { usual: 5, long: 200, of: 'rounds' } },
  async ({ server, rounds, directory }) => {
    const limit = MIB;
    const one = await server({ MAX_UPLOAD_SIZE: `${limit}` });
    const vast = await server({ MAX_UPLOAD_SIZE: '8000TiB' });
    const { bavail, bsize } = await statfs(directory);
    const beyondDisk = bavail * bsize * 2;
    for (let round = 0; round < rounds; round++) {
      for (const form of [false, true]) {
        for (const headers of [{}, { Expect: '100-continue' }] as Record<string, string>[]) {
          const refusals = [
            {
              to: vast,
              size: beyondDisk,
              refused: { status: 507, answer: { code: 'insufficient_storage' } },
            },
            {
              to: one,
              size: limit + 100_000,
              refused: { status: 413, answer: { code: 'package_too_large' } },
            },
          ];
          for (const { to, size, refused } of refusals) {
            const sent = openUpload(to, 'a', size, { form, headers });
            const continued = new Promise((resolve) => sent.once('continue', () => resolve('continued')));
            sent.flushHeaders();
            expect(await Promise.race([answerOf(sent), continued])).toMatchObject(refused);
            sent.destroy();
          }
        }
        // Unknown lengths are counted: the last byte that fits, and one more.
        const refused = { status: 413, answer: { code: 'package_too_large' } };
        expect(await upload(one, 'over', limit + 1, { form, chunked: true })).toMatchObject(refused);
        const name = `whole-${round}-${form}`;
        const whole = await upload(one, name, limit, { form, chunked: true });
        expect(whole).toMatchObject({ status: form ? 200 : 201, answer: { sha256: whole.digest } });
      }
    }
    expect(await names(one)).toHaveLength(2 * rounds);
  },
);

row(
  'R8',
  'the directory becomes read-only: writes fail with 5xx, not ready, reads go on',
  { rounds: { usual: 5, long: 200, of: 'rounds' }, needs: [mounting] },
  async ({ server, rounds, atEnd }) => {
    const disk = await mountTmpfs('20m');
    atEnd(disk.remove);
    const one = await server({}, { directory: disk.path });
    const size = MIB;
    for (let round = 0; round < rounds; round++) {
      const name = `kept-${round % 5}`;
      const kept = await upload(one, name, size, { query: '?overwrite=true' });
      expect((await get(one, '/readyz')).status).toBe(200);
      // The log of digests is closed a moment after the last write.
      await until(() => disk.remount('ro'));

      const failed = { status: 500, answer: { code: 'storage_failed' } };
      for (const form of [false, true])
        for (const chunked of [false, true])
          expect(await upload(one, 'new', size, { form, chunked, query: '?overwrite=true' })).toMatchObject(
            failed,
          );
      const removal = await fetch(`${one.url}/assets/${name}`, { method: 'DELETE', headers: AUTH });
      expect(removal.status).toBe(500);
      await until(async () => (await get(one, '/readyz')).status === 503).catch(() => {
        throw new Error('ready, with a directory that takes no writes');
      });
      expect((await get(one, '/healthz')).status).toBe(200);
      expect(await names(one)).toContain(name);
      expect(await download(one, `/assets/${name}`)).toMatchObject({ status: 200, digest: kept.digest });
      expect(await download(one, '/latest')).toMatchObject({ status: 200 });

      expect(disk.remount('rw')).toBe(true);
      await until(async () => (await get(one, '/readyz')).status === 200);
      expect((await post(one, 'after', 'x', { query: '?overwrite=true' })).status).toBe(200);
      expect((await get(one, '/assets/after')).headers.get('ETag')).toBe(`"sha256:${sha256('x')}"`);
    }
  },
);
