// Runs in pods of tools/test/cluster.sh, by the Node of the image that is tested there.
//   reach    exits with 0 when the store at S3_ENDPOINT answers anything
//   load     publishes to SERVER until SIGTERM; prints `acknowledged NAME SHA256` for each name, and the count last.
//            Exits with 1 when something that was acknowledged is not there, or a request failed that cannot be retried
//   sweep    removes all objects of S3_BUCKET below S3_PREFIX
import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';

const WRITERS = 6;
const SIZES = [1024, 64 * 1024, 1024 * 1024];
/** Tries of one request, a pause of so many milliseconds apart. */
const TRIES = 100;
const PAUSE = 300;
/** Milliseconds after which every replica knows what another wrote; they trust what they know for a second. */
const SEEN = 5000;

/** What is acknowledged: the digest by the name. */
const acknowledged = new Map();
const retried = new Map();
const failures = [];
let published = 0;
let stopping = false;

await { reach, load, sweep }[process.argv[2]]();

async function reach() {
  await fetch(process.env.S3_ENDPOINT, { signal: AbortSignal.timeout(10_000) }).catch((error) => {
    console.log(error.cause?.code ?? error.message);
    process.exitCode = 1;
  });
}

async function load() {
  process.once('SIGTERM', () => (stopping = true));
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
  await delay(SEEN);
  for (const [name, digest] of acknowledged) await readBack(name, digest, 'at the end');

  for (const [name, digest] of acknowledged) console.log(`acknowledged ${name} ${digest}`);
  for (const failure of failures.slice(0, 20)) console.log(`failed: ${failure}`);
  const reasons = [...retried].map(([reason, count]) => `${reason} ${count}`).join(', ');
  console.log(
    `${published} publishes of ${acknowledged.size} packages acknowledged, ${failures.length} failed, retried: ${reasons || 'none'}`,
  );
  process.exit(failures.length === 0 && published > 0 ? 0 : 1);
}

/** New names and overwrites in turn. No two writers share a name, so that the last one acknowledged has to be there. */
async function write(writer) {
  for (let turn = 0; !stopping; turn++) {
    const isNew = turn % 2 === 0;
    const name = isNew ? `new-${writer}-${turn}.bin` : `kept-${writer}-${turn % 10}.bin`;
    const digest = await publish(
      name,
      randomBytes(SIZES[turn % SIZES.length]),
      isNew ? '' : '?overwrite=true',
    );
    // For a second another replica may still have the version before.
    if (isNew && digest !== undefined) await readBack(name, digest, 'at once');
    await delay(50);
  }
}

async function publish(name, bytes, query) {
  const digest = createHash('sha256').update(bytes).digest('hex');
  const { status, body, tries } = await persistently('PUT', `/assets/${name}${query}`, bytes);
  // The answer to an earlier try may have been lost: then the same bytes are there.
  const isOurs = status === 409 && tries > 1 && body.toString().includes(`sha256:${digest}`);
  if (status !== 200 && status !== 201 && !isOurs) {
    failures.push(`PUT ${name}: ${status} ${body.toString().slice(0, 300)}`);
    return undefined;
  }
  if (++published === WRITERS * 5) console.log('under way');
  acknowledged.set(name, digest);
  return digest;
}

/** Over a connection of its own, and so as a rule through another replica. */
async function readBack(name, digest, when) {
  const { status, body } = await persistently('GET', `/assets/${name}`);
  const found = createHash('sha256').update(body).digest('hex');
  if (status !== 200 || found !== digest) {
    failures.push(`GET ${name} ${when}: ${status}, ${body.length} bytes of ${found} instead of ${digest}`);
  }
}

/** Tries again what a client may: a connection that broke, and 503. */
async function persistently(method, path, bytes) {
  for (let tries = 1; ; tries++) {
    let answer;
    try {
      answer = await once(method, path, bytes);
    } catch (error) {
      answer = { status: 0, body: Buffer.from(String(error.code ?? error.message)) };
    }
    if ((answer.status !== 0 && answer.status !== 503) || tries === TRIES) return { ...answer, tries };
    const reason = answer.status === 0 ? answer.body.toString() : '503';
    retried.set(reason, (retried.get(reason) ?? 0) + 1);
    await delay(PAUSE);
  }
}

function once(method, path, bytes) {
  return new Promise((resolve, reject) => {
    const headers = { Authorization: `Bearer ${process.env.TOKEN}`, 'Content-Length': bytes?.length ?? 0 };
    const sent = request(`${process.env.SERVER}${path}`, { method, headers, agent: false, timeout: 60_000 });
    sent.once('timeout', () => sent.destroy(new Error('no answer')));
    sent.once('error', reject);
    sent.once('response', (response) => {
      const answered = (chunks) => resolve({ status: response.statusCode, body: Buffer.concat(chunks) });
      response.toArray().then(answered, reject);
    });
    sent.end(bytes);
  });
}

async function sweep() {
  const { S3Client, ListObjectsV2Command, DeleteObjectCommand } =
    createRequire('/app/package.json')('@aws-sdk/client-s3');
  const { S3_BUCKET: Bucket, S3_PREFIX: Prefix, S3_ENDPOINT: endpoint } = process.env;
  const client = new S3Client({ endpoint, forcePathStyle: true });
  for (let found = true; found;) {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix }));
    for (const { Key } of Contents) await client.send(new DeleteObjectCommand({ Bucket, Key }));
    found = Contents.length > 0;
  }
}
