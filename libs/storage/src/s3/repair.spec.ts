import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { S3Client, PutObjectCommand } from '@aws-sdk/client-s3';

import { inParallel } from '../parallel.js';
import type { PackageStore } from '../package-store.js';
import { namesIn, publish, publishAll, read, refusalCodeOf, sha256Of } from '../testing/packages.js';
import { S3_STORE, S3Harness } from '../testing/s3.harness.js';
import { newestOfEachName, type Blob } from './blobs.js';
import { BufferPool } from '../staging/buffer-pool.js';
import { Bucket } from './bucket.js';
import { S3IndexRepair } from './repair.js';
import type { S3Options } from './s3.options.js';

describe('of the blobs of one name', () => {
  const blob = (key: string, name: string, written: number): Blob => ({
    key,
    name,
    written,
    isDraft: false,
    at: written,
    size: 1,
    sha256: '0'.repeat(64),
  });

  it('the one written last is taken, and of those of one moment the one with the greatest key', () => {
    const blobs = [
      blob('p/1/a', 'a', 1000),
      blob('p/3/a', 'a', 2000),
      blob('p/2/a', 'a', 2000),
      blob('p/9/b', 'b', 0),
    ];
    for (const seen of [blobs, blobs.toReversed()]) {
      const { newest, leftOut } = newestOfEachName(seen);
      expect(newest.map(({ key }) => key).toSorted()).toEqual(['p/3/a', 'p/9/b']);
      expect(leftOut.map(({ key }) => key)).toEqual(['p/2/a', 'p/1/a']);
      expect(leftOut[0]?.reason).toBe('older than p/3/a, which has the same name');
    }
  });

  it('the one written last is taken, also where it keeps an older publish time', () => {
    const moved = { ...blob('p/1/a', 'a', 2000), at: 5 };
    expect(newestOfEachName([blob('p/2/a', 'a', 1000), moved]).newest).toEqual([moved]);
  });
});

(S3_STORE === undefined ? describe.skip : describe)('the repair of an index (needs S3_ENDPOINT)', () => {
  const harness = new S3Harness();
  let options: S3Options;
  let store: PackageStore;
  let bucket: Bucket;
  let repair: S3IndexRepair;
  let indexKey: string;

  beforeEach(async () => {
    options = harness.options();
    indexKey = `${options.prefix}index.json`;
    store = await harness.openWith(options);
    bucket = await Bucket.connect(options);
    repair = await S3IndexRepair.open(options);
  });

  afterEach(async () => {
    repair.close();
    bucket.close();
    await harness.destroy();
  });

  /** Puts an object below packages/ that the driver did not write. */
  async function put(key: string, content: string, metadata: Record<string, string>): Promise<string> {
    const client = new S3Client({
      endpoint: S3_STORE ?? '',
      region: options.region ?? '',
      forcePathStyle: true,
    });
    const path = `${options.prefix}packages/${key}`;
    await client.send(
      new PutObjectCommand({
        Bucket: options.bucket,
        Key: path,
        Body: Buffer.from(content),
        Metadata: metadata,
      }),
    );
    client.destroy();
    return path;
  }

  async function repaired(verify = false): Promise<PackageStore> {
    await store.close();
    await bucket.delete(indexKey);
    await repair.write(await repair.plan({ verify }), { replace: false });
    return harness.openWith(options);
  }

  it('lists the packages again, with bytes, sizes, digests and the times of the blobs', async () => {
    const before = Date.now();
    await publishAll(store, 'a.zip', 'b.zip');
    await publish(store, 'moved.zip', 'm', { createdAt: Date.UTC(2020, 0, 1, 0, 0, 0, 7) });

    const again = await repaired();

    const list = await again.list();
    expect(list.map(({ name, size, sha256 }) => ({ name, size, sha256 })).toSorted(byName)).toEqual(
      (await store.list()).map(({ name, size, sha256 }) => ({ name, size, sha256 })).toSorted(byName),
    );
    for (const { name, createdAt } of list) {
      // Stores keep the time of an object in whole seconds.
      if (name === 'moved.zip') expect(createdAt).toBe(Date.UTC(2020, 0, 1, 0, 0, 0, 7));
      else expect(Math.abs(createdAt - before)).toBeLessThan(60_000);
    }
    expect((await read(again, 'b.zip')).toString()).toBe('content of b.zip');
    const { package: next } = await publish(again, 'next.zip', 'n');
    expect(next.createdAt).toBeGreaterThan(list[0]?.createdAt ?? 0);
  });

  // Mutants: records are left out, and a draft is public; of two records of one second the older is taken.
  it('lists releases again with their records, drafts as drafts', async () => {
    const save = (target: PackageStore, tag: string, isDraft: boolean, title: string) =>
      target.saveRelease(
        tag,
        ({ record, now }) => ({ tag, createdAt: now, ...record, isDraft, title, updatedAt: now }),
        { evict: () => [] },
      );
    await publishAll(store, 'a.zip', 'by-hand/a.zip');
    await save(store, 'größe/1', true, 'old');
    await publishAll(store, 'größe%2F1/a.zip', 'größe%2F1/b.zip');
    await store.rename('größe%2F1/b.zip', 'c.zip');
    await new Promise((resolve) => setTimeout(resolve, 2));
    await save(store, 'größe/1', false, 'new');
    await save(store, 'secret', true, 'hidden');
    await publishAll(store, 'secret/a.zip');
    await save(store, 'lost', true, 'lost');
    await publishAll(store, 'lost/a.zip');
    const { key = '' } =
      (await repair.plan({ verify: false })).records.find(({ record }) => record.tag === 'lost') ?? {};
    await bucket.delete(key);
    const before = await store.snapshot();

    const again = await (await repaired(true)).snapshot();

    const sorted = (packages: typeof before.packages): string[] =>
      packages.map(({ name }) => name).toSorted();
    // What was renamed is there by its old blob, too, until that is deleted.
    expect(sorted(again.packages)).toEqual([...sorted(before.packages), 'größe%2F1/b.zip'].toSorted());
    expect(sorted(again.drafts)).toEqual(sorted(before.drafts));
    for (const tag of ['größe/1', 'secret'])
      expect(again.releases.get(tag)).toEqual(before.releases.get(tag));
    expect(again.releases.get('lost')).toMatchObject({ isDraft: true, tag: 'lost' });
  });

  it('changes nothing by planning, and plans the same each time', async () => {
    await publishAll(store, 'a.zip', 'b.zip', 'c.zip');
    await store.close();
    await bucket.delete(indexKey);

    const plan = await repair.plan({ verify: false });

    expect(plan.existing).toBe('missing');
    expect(await repair.plan({ verify: true })).toEqual(plan);
    expect(await bucket.get(indexKey)).toBe('missing');
  });

  it('is seen by a replica that ran on while the index was lost', async () => {
    for (let at = 0; at < 5; at++) await publish(store, 'a.zip', `version ${at}`);
    await bucket.delete(indexKey);

    await repair.write(await repair.plan({ verify: false }), { replace: false });

    await publish(store, 'b.zip', 'b', { condition: 'absent' });
    expect((await namesIn(store)).toSorted()).toEqual(['a.zip', 'b.zip']);
  });

  it('leaves out what cannot be a package, and says why', async () => {
    await publishAll(store, 'a.zip');
    const digest = sha256Of(Buffer.from('x'));
    const bad = await Promise.all([
      put('1/plain.zip', 'x', {}),
      put('2/nodigest.zip', 'x', { name: 'nodigest.zip' }),
      put('3/a b.zip', 'x', { name: 'a b.zip', sha256: digest }),
      put('4/wrong.zip', 'x', { name: 'wrong.zip', sha256: 'abc' }),
      put('5/other.zip', 'x', { name: 'b.zip', sha256: digest }),
      put('6/empty.zip', '', { name: 'empty.zip', sha256: sha256Of(Buffer.alloc(0)) }),
    ]);

    const { packages, leftOut } = await repair.plan({ verify: false });

    expect(packages.map(({ name }) => name)).toEqual(['a.zip']);
    expect(leftOut).toEqual([
      { key: bad[0], reason: 'its metadata name or sha256 is missing' },
      { key: bad[1], reason: 'its metadata name or sha256 is missing' },
      { key: bad[2], reason: 'the name in its metadata is not a package name' },
      { key: bad[3], reason: 'the sha256 in its metadata is not a digest' },
      { key: bad[4], reason: 'its key ends with another name than its metadata has' },
      { key: bad[5], reason: 'it is empty' },
    ]);
  });

  it('takes a whole older version where the newest does not match its digest, when asked to look', async () => {
    await publish(store, 'a.zip', 'the whole one');
    // Stores keep whole seconds.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const key = await put('0/a.zip', 'damaged', { name: 'a.zip', sha256: sha256Of(Buffer.from('other')) });

    expect((await repair.plan({ verify: false })).packages).toMatchObject([{ name: 'a.zip', key }]);
    const { packages, leftOut } = await repair.plan({ verify: true });
    expect(packages).toMatchObject([{ name: 'a.zip', size: 13 }]);
    expect(leftOut).toMatchObject([{ key, reason: expect.stringContaining('its bytes have the SHA-256') }]);
  });

  // Mutants: it writes without a condition; it takes an index of another format for none.
  it('refuses to lose an index that can be read, of whatever format, unless that is asked for', async () => {
    await publishAll(store, 'a.zip');
    const plan = await repair.plan({ verify: false });
    expect(plan.existing).toBe('readable');
    expect(await refusalCodeOf(repair.write(plan, { replace: false }))).toBe('precondition_failed');

    await bucket.put(indexKey, Buffer.from('{"format":2}'), {});
    const other = await repair.plan({ verify: false });
    expect(await refusalCodeOf(repair.write(other, { replace: false }))).toBe('precondition_failed');

    await repair.write(other, { replace: true });
    expect(await namesIn(await harness.openWith(options))).toEqual(['a.zip']);
  });

  it('replaces one that cannot be read', async () => {
    await publishAll(store, 'a.zip');
    await store.close();
    await bucket.put(indexKey, Buffer.from('{"format":1,"se'), {});

    const plan = await repair.plan({ verify: false });
    expect(plan.existing).toBe('unreadable');
    await repair.write(plan, { replace: false });

    expect(await namesIn(await harness.openWith(options))).toEqual(['a.zip']);
  });

  it('is done by one of two who repair at once', async () => {
    await publishAll(store, 'a.zip');
    await store.close();
    await bucket.delete(indexKey);
    const other = await S3IndexRepair.open(options);

    const plans = await Promise.all([repair.plan({ verify: false }), other.plan({ verify: false })]);
    const writes = await Promise.allSettled([
      repair.write(plans[0], { replace: false }),
      other.write(plans[1], { replace: false }),
    ]);
    other.close();

    expect(writes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(await namesIn(await harness.openWith(options))).toEqual(['a.zip']);
  });

  it('does not replace what a server has written since it looked', async () => {
    await publishAll(store, 'a.zip');
    const plan = await repair.plan({ verify: false });
    await publishAll(store, 'b.zip');

    expect(await refusalCodeOf(repair.write(plan, { replace: true }))).toBe('precondition_failed');
    expect((await namesIn(store)).toSorted()).toEqual(['a.zip', 'b.zip']);
  });

  // Mutant: only the first page of the listing is read.
  it('is complete beyond the 1,000 keys of one page', async () => {
    const names = Array.from({ length: 1001 }, (_, at) => `package-${at}.zip`);
    const path = join(tmpdir(), `blob-${randomUUID()}`);
    await writeFile(path, 'x');
    const sha256 = sha256Of(Buffer.from('x'));
    const buffers = new BufferPool();
    await inParallel(names, 16, (name) =>
      bucket.upload(
        `${options.prefix}packages/${randomUUID()}/${name}`,
        { path, size: 1, sha256, name },
        buffers,
      ),
    );
    await rm(path);

    const again = await repaired(true);

    expect((await namesIn(again)).toSorted()).toEqual(names.toSorted());
  }, 120_000);
});

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}
