import { Readable } from 'node:stream';

import type { StageOptions } from '../package-store.js';
import type { PackageStoreHarness } from './harness.js';
import {
  bodyOf,
  bytesOf,
  KEEP_ALL,
  MAX_SIZE,
  namesIn,
  publish,
  refusalCodeOf,
  sha256Of,
  stage,
} from './packages.js';

export function describeStaging(harness: PackageStoreHarness): void {
  describe('staging', () => {
    it('tells size and digest of what it received, and shows it to nobody', async () => {
      const store = await harness.open();
      const content = bytesOf(300_000);
      const staged = await store.stage(bodyOf(content.subarray(0, 7), content.subarray(7)), {
        maxSize: content.length,
        size: content.length,
        sha256: sha256Of(content).toUpperCase(),
      });

      expect(staged).toMatchObject({ size: content.length, sha256: sha256Of(content) });
      expect(await store.list()).toEqual([]);
      expect(await harness.staged(store)).toHaveLength(1);
    });

    it('receives a body of many small chunks in their order', async () => {
      const store = await harness.open();
      const content = bytesOf(400_000);
      const chunks = Array.from({ length: 4000 }, (_, at) => content.subarray(at * 100, at * 100 + 100));

      const staged = await store.stage(bodyOf(...chunks), { maxSize: MAX_SIZE });

      expect(staged).toMatchObject({ size: content.length, sha256: sha256Of(content) });
    });

    it('leaves the chunks of a body as they are, whose sender may use them again', async () => {
      const store = await harness.open();
      const content = bytesOf(300_000);
      const expected = sha256Of(content);
      for (const chunks of [[content], [content.subarray(0, 70_000), content.subarray(70_000)]]) {
        expect(await store.stage(bodyOf(...chunks), { maxSize: MAX_SIZE })).toMatchObject({
          sha256: expected,
        });
      }
      expect(sha256Of(content)).toBe(expected);
    });

    it('takes a body whose chunks are its own, whatever their sizes', async () => {
      const store = await harness.open();
      const content = bytesOf(2_000_000);
      const sizes = [1, 20_000, 65_536, 300_000, 1_000_000, 0];
      let at = 0;
      const chunks = sizes.map((size, index) =>
        Buffer.from(content.subarray(at, (at = index === sizes.length - 1 ? content.length : at + size))),
      );
      const staged = await store.stage(bodyOf(...chunks), { maxSize: content.length, ownsChunks: true });
      expect(staged).toMatchObject({ size: content.length, sha256: sha256Of(content) });
    });

    it.each<[string, string, Buffer, Partial<StageOptions>]>([
      ['an empty body', 'package_empty', Buffer.alloc(0), {}],
      ['an empty body that was announced', 'package_empty', Buffer.alloc(0), { size: 0 }],
      ['a body over the limit', 'package_too_large', bytesOf(101), { maxSize: 100 }],
      ['an announced size over the limit', 'package_too_large', bytesOf(1), { maxSize: 100, size: 101 }],
      ['another checksum than announced', 'checksum_mismatch', bytesOf(9), { sha256: sha256Of(bytesOf(8)) }],
      ['fewer bytes than announced', 'upload_incomplete', bytesOf(99), { size: 100 }],
      ['more bytes than announced', 'upload_incomplete', bytesOf(101), { size: 100 }],
    ])(
      'refuses %s as %s, keeps nothing and leaves the body undestroyed',
      async (_, code, content, options) => {
        const store = await harness.open();
        const body = bodyOf(content);

        expect(await refusalCodeOf(store.stage(body, { maxSize: MAX_SIZE, ...options }))).toBe(code);
        expect(body.destroyed).toBe(false);
        expect(await harness.staged(store)).toEqual([]);
      },
    );

    it('accepts exactly the limit', async () => {
      const store = await harness.open();

      expect(await stage(store, bytesOf(100), { maxSize: 100 })).toMatchObject({ size: 100 });
    });

    it('reads no further once the body is over the limit', async () => {
      const store = await harness.open();
      let pulled = 0;
      const body = new Readable({
        autoDestroy: false,
        highWaterMark: 1000,
        read() {
          pulled += 1000;
          this.push(pulled > 1_000_000 ? null : bytesOf(1000));
        },
      });

      expect(await refusalCodeOf(store.stage(body, { maxSize: 10_000 }))).toBe('package_too_large');
      expect(pulled).toBeLessThan(100_000);
      expect(body.destroyed).toBe(false);
    });

    it.each([
      ['an error of the network', Object.assign(new Error('cut'), { code: 'ECONNRESET', syscall: 'read' })],
      ['any error', new Error('the sender gave up')],
    ])('fails with the error of the body, here %s, and keeps nothing', async (_, failure) => {
      const store = await harness.open();
      const body = new Readable({ read: () => undefined });
      body.push(bytesOf(200_000));
      const staging = store.stage(body, { maxSize: MAX_SIZE });
      setImmediate(() => body.destroy(failure));

      await expect(staging).rejects.toBe(failure);
      expect(await harness.staged(store)).toEqual([]);
    });

    it('ends a body that stalls when the signal aborts, with its reason, and keeps nothing', async () => {
      const store = await harness.open();
      const body = new Readable({ autoDestroy: false, read: () => undefined });
      body.push(bytesOf(200_000));
      const abort = new AbortController();
      const reason = new Error('stalled for too long');
      const staging = store.stage(body, { maxSize: MAX_SIZE, signal: abort.signal });
      setTimeout(() => abort.abort(reason), 20);

      await expect(staging).rejects.toBe(reason);
      expect(body.destroyed).toBe(false);
      expect(await harness.staged(store)).toEqual([]);
    });

    it('begins nothing when the signal has aborted before', async () => {
      const store = await harness.open();
      const reason = new Error('gone already');
      const options = { maxSize: MAX_SIZE, signal: AbortSignal.abort(reason) };

      await expect(store.stage(bodyOf(bytesOf(10)), options)).rejects.toBe(reason);
      expect(await harness.staged(store)).toEqual([]);
    });

    it('forgets what is discarded, once or twice', async () => {
      const store = await harness.open();
      const staged = await stage(store, 'never published');

      await store.discard(staged);
      await store.discard(staged);

      expect(await harness.staged(store)).toEqual([]);
    });

    it('leaves nothing staged by a publish, and a discard after it does the package no harm', async () => {
      const store = await harness.open();
      const staged = await stage(store, 'published');
      await store.publish(staged, 'a.zip', { condition: 'absent', evict: KEEP_ALL });

      expect(await harness.staged(store)).toEqual([]);
      await store.discard(staged);
      expect(await namesIn(store)).toEqual(['a.zip']);
    });

    it('leaves what is staged through one store alone when another opens beside it', async () => {
      const store = await harness.open();
      const staged = await stage(store, 'still to be published');
      await harness.reopen(store);

      await store.publish(staged, 'a.zip', { condition: 'absent', evict: KEEP_ALL });

      expect(await namesIn(store)).toEqual(['a.zip']);
    });

    it('says beforehand whether there is room', async () => {
      const store = await harness.open();

      await expect(store.requireSpace(1)).resolves.toBeUndefined();
      expect(await refusalCodeOf(store.requireSpace(Number.MAX_SAFE_INTEGER))).toBe('insufficient_storage');
      const tooMuch = { maxSize: Number.MAX_SAFE_INTEGER, size: Number.MAX_SAFE_INTEGER };
      expect(await refusalCodeOf(stage(store, 'x', tooMuch))).toBe('insufficient_storage');
    });

    it('passes its probe, empty or not', async () => {
      const store = await harness.open();

      await expect(store.probe()).resolves.toBeUndefined();
      await publish(store, 'a.zip', 'a');
      await expect(store.probe()).resolves.toBeUndefined();
      expect(await namesIn(store)).toEqual(['a.zip']);
      expect(await harness.staged(store)).toEqual([]);
    });
  });
}
