import { setTimeout as delay } from 'node:timers/promises';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

import { compressed, holdCompressed, type Compressible } from './compressed.js';

const MiB = 1024 * 1024;

/** So many bytes that counts how often they are read. */
class Content implements Compressible {
  reads = 0;

  constructor(readonly length: number) {}

  *chunks(size: number): Generator<Buffer> {
    this.reads += 1;
    const chunk = Buffer.alloc(size);
    for (let at = 0; at < this.length; at += size) {
      // Memory that is used again, as that of bodies is.
      yield chunk.fill(at / size + 1).subarray(0, Math.min(size, this.length - at));
    }
  }

  get bytes(): Buffer {
    return Buffer.concat(Array.from(this.chunks(64 * 1024), (chunk) => Buffer.from(chunk)));
  }
}

describe('a compressed form', () => {
  it('is made once of the whole, however many ask', async () => {
    for (const [coding, decode] of [
      ['br', brotliDecompressSync],
      ['gzip', gunzipSync],
    ] as const) {
      const content = new Content(300_000);
      const asked = Array.from({ length: 10 }, () => compressed(`once ${coding}`, coding, content));
      const [form, ...others] = await Promise.all(asked);
      expect(new Set(others)).toEqual(new Set([form]));
      expect(await compressed(`once ${coding}`, coding, content)).toBe(form);
      expect(content.reads).toBe(1);
      expect(decode(form!).equals(content.bytes)).toBe(true);
    }
  });

  it('is kept in memory of its own', async () => {
    const form = await compressed('own', 'br', new Content(1000));
    expect(form?.buffer.byteLength).toBe(form?.length);
  });

  it('goes for others however small they are', async () => {
    const first = new Content(256);
    await compressed('first', 'gzip', first);
    for (let made = 0; made < 8192; made += 32) {
      const content = new Content(256);
      await Promise.all(
        Array.from({ length: 32 }, (_, index) => compressed(`small ${made + index}`, 'gzip', content)),
      );
    }
    await compressed('first', 'gzip', first);
    expect(first.reads).toBe(2);
  });

  it('is there at once or not at all where it takes long, and later', async () => {
    const content = new Content(9 * MiB);
    expect(await compressed('long', 'gzip', content)).toBeUndefined();
    expect(await compressed('long', 'gzip', content)).toBeUndefined();
    let form: Buffer | undefined;
    while ((form = await compressed('long', 'gzip', content)) === undefined) await delay(5);
    expect(content.reads).toBe(1);
    expect(gunzipSync(form).length).toBe(content.length);
  });

  it('is not made of what is very small or very large', async () => {
    for (const length of [255, 65 * MiB]) {
      const content = new Content(length);
      expect(await compressed(`of ${length}`, 'br', content)).toBeUndefined();
      expect(content.reads).toBe(0);
    }
  });

  it('is not made of more than so many at once, nor while too many bytes are being sent', async () => {
    const asked = Array.from({ length: 40 }, (_, index) =>
      compressed(`many ${index}`, 'gzip', new Content(1000)),
    );
    const made = await Promise.all(asked);
    expect(made.filter((form) => form === undefined)).toHaveLength(8);

    const slow = Buffer.alloc(9 * MiB);
    const releases = [holdCompressed(slow), holdCompressed(slow)];
    releases[0]?.();
    expect(await compressed('refused', 'gzip', new Content(1000))).toBeUndefined();
    expect(await compressed('many 0', 'gzip', new Content(1000))).toBe(made[0]);
    releases[1]?.();
    expect(await compressed('refused', 'gzip', new Content(1000))).toBeDefined();
  });
});
