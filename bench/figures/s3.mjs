// What a publish costs with many packages in the index, beside plain puts of the same bytes to the same store:
// S3_ENDPOINT, S3_BUCKET and the credentials of the AWS SDK in the environment.
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { median } from '../rounds.mjs';

const COUNTS = [100, 10_000];
const PUBLISHES_PER_SECOND = 5;
const BYTES = 64 * 1024;
const LIBS = 'dist/libs/storage/src/s3';

export const figures = { 's3-publish': { title: 'publish 64 KiB to a bucket', unit: 'ms' } };

export async function run(bench, [name]) {
  const { S3_ENDPOINT: endpoint, S3_BUCKET: bucket, AWS_REGION: region = 'us-east-1' } = process.env;
  if (bucket === undefined) {
    console.error(`${name}: skipped, S3_BUCKET names no bucket to measure`);
    return;
  }
  const shared = {
    bucket,
    region,
    endpoint,
    forcePathStyle: endpoint !== undefined,
    credentials: undefined,
    minFreeSpace: 0,
    readOnly: false,
    grace: 3_600_000,
    presignExpires: undefined,
  };
  const contestants = [];
  for (const { name: build, checkout } of bench.checkouts) {
    for (const count of COUNTS) {
      const spoolPath = join(bench.directory, `spool-${contestants.length}`);
      await mkdir(spoolPath);
      const options = { ...shared, prefix: `${randomBytes(4).toString('hex')}/`, spoolPath };
      contestants.push({
        name: `${build}, ${count.toLocaleString('en')}`,
        ...(await openStore(checkout, options, count)),
      });
    }
  }
  const [{ bucket: plain, prefix }] = contestants;
  const put = (bytes) => plain.put(`${prefix}plain/${randomUUID()}`, bytes, {});
  // The limit: what a publish writes, and nothing else.
  const limits = contestants.map(({ name: of, index }) => ({
    name: `the two puts of ${of}`,
    publish: async (bytes) => {
      await put(bytes);
      await plain.put(`${prefix}plain/index.json`, index, {});
    },
  }));
  const all = [...contestants, { name: 'a plain put', publish: put }, ...limits];
  const pairs = [
    ...contestants.flatMap(({ name: of }, at) => [
      [of, 'a plain put'],
      [of, limits[at].name],
    ]),
    ...limits.map(({ name: of }) => [of, 'a plain put']),
  ];
  await bench.compare(name, figures[name], all, (one) => milliseconds(bench, one.publish), pairs);
  for (const { close } of contestants) await close();
}

/** A store of a build, on an index of packages whose bytes nobody will ask for. */
async function openStore(checkout, options, count) {
  const load = (module) => import(join(checkout, LIBS, module));
  const [{ Bucket }, { IndexDocument }, { S3PackageStore }] = await Promise.all(
    ['bucket.js', 'index-document.js', 's3.driver.js'].map(load),
  );
  const { prefix } = options;
  const bucket = await Bucket.connect(options);
  const packages = Array.from({ length: count }, (_, at) => {
    const name = `spec-kit-template-agent${at % 17}-sh-v1.${Math.floor(at / 34)}.${at % 34}.zip`;
    const sha256 = randomBytes(32).toString('hex');
    return [
      name,
      { key: `${prefix}packages/${randomUUID()}/${name}`, size: BYTES, sha256, at: 1_700_000_000_000 + at },
    ];
  });
  const index = new IndexDocument(count, 1_700_000_000_000 + count, new Map(packages), []);
  // Builds of before write it in one piece, and the oldest as a string.
  const body = Buffer.concat([index.serialize()].flat().map((piece) => Buffer.from(piece)));
  await bucket.put(`${prefix}index.json`, body, {});
  const store = await S3PackageStore.open(options);
  const close = async () => {
    await store.close();
    for await (const { key } of bucket.list(prefix)) await bucket.delete(key);
    bucket.close();
  };
  return { bucket, prefix, index: body, close, publish: (bytes) => publish(store, bytes) };
}

/** Create-only and with a limit, as the server does it. */
async function publish(store, bytes) {
  const staged = await store.stage(Readable.from([bytes]), { maxSize: BYTES });
  const evict = (packages) => [{ package: packages.at(-1), reason: 'more than the limit' }];
  await store.publish(staged, `new-${randomUUID()}.zip`, { condition: 'absent', evict });
}

async function milliseconds(bench, work) {
  const times = [];
  for (let at = 0; at < bench.seconds * PUBLISHES_PER_SECOND; at++) {
    const bytes = randomBytes(BYTES);
    const start = performance.now();
    await work(bytes);
    times.push(performance.now() - start);
  }
  return { milliseconds: median(times) };
}
