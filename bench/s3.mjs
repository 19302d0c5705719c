// What a publish costs with many packages in the index, beside plain writes of the same bytes to the same store:
//   npm run bench -- s3       with S3_ENDPOINT, S3_BUCKET and the credentials of the AWS SDK in the environment
// Both take turns in one run; the ratio is that of the medians. The goal is at most 20 with 10,000 packages.
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { median, timed } from './timing.mjs';

const LIBS = '../dist/libs/storage/src/s3';
const { Bucket } = await import(`${LIBS}/bucket.js`);
const { IndexDocument } = await import(`${LIBS}/index-document.js`);
const { S3PackageStore } = await import(`${LIBS}/s3.driver.js`);

const ROUNDS = 40;
const SIZE = 64 * 1024;

const { S3_ENDPOINT: endpoint, S3_BUCKET: bucket, AWS_REGION: region = 'us-east-1' } = process.env;
if (bucket === undefined) {
  console.log('skipped: S3_BUCKET names no bucket to measure');
  process.exit(0);
}
const spoolPath = await mkdtemp(join(tmpdir(), 'bench-'));

for (const count of [100, 10_000]) {
  const prefix = `bench/${randomUUID()}/`;
  const options = {
    bucket,
    prefix,
    region,
    endpoint,
    forcePathStyle: endpoint !== undefined,
    credentials: undefined,
    spoolPath,
    minFreeSpace: 0,
    readOnly: false,
    grace: 3_600_000,
    presignExpires: undefined,
  };
  const plain = await Bucket.connect(options);
  await plain.put(`${prefix}index.json`, Buffer.from(indexOf(count).serialize()), {});
  const store = await S3PackageStore.open(options);
  const puts = [];
  const publishes = [];
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = randomBytes(SIZE);
    puts.push(await timed(() => plain.put(`${prefix}plain/${round}`, bytes, {})));
    publishes.push(await timed(() => publish(store, `new-${round}.zip`, bytes)));
  }
  console.log(
    `${count} packages: a publish of 64 KiB costs ${(median(publishes) / median(puts)).toFixed(1)} plain puts`,
  );
  await store.close();
  for await (const { key } of plain.list(prefix)) await plain.delete(key);
  plain.close();
}
await rm(spoolPath, { recursive: true });

/** An index of packages whose bytes nobody will ask for. */
function indexOf(count) {
  const packages = Array.from({ length: count }, (_, at) => {
    const name = `spec-kit-template-agent${at % 17}-sh-v1.${Math.floor(at / 34)}.${at % 34}.zip`;
    const sha256 = randomBytes(32).toString('hex');
    return [
      name,
      { key: `packages/${randomUUID()}/${name}`, size: SIZE, sha256, at: 1_700_000_000_000 + at },
    ];
  });
  return new IndexDocument(count, 1_700_000_000_000 + count, new Map(packages), []);
}

/** Create-only and with a limit, as the server does it. */
async function publish(store, name, bytes) {
  const staged = await store.stage(Readable.from([bytes]), { maxSize: SIZE });
  const evict = (packages) => packages.toSorted((a, b) => a.createdAt - b.createdAt).slice(0, 1);
  await store.publish(staged, name, { condition: 'absent', evict });
}
