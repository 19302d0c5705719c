import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { bytesIn, bytesOf, sha256Of } from '../testing/packages.js';
import { S3Harness } from '../testing/s3.harness.js';
import { BlobReader } from './blob-reader.js';
import { readBlobs } from './blobs.js';
import { Bucket } from './bucket.js';
import { packageOf } from './index-document.js';

/** What befalls an answer: it is cut in the middle, or it is shorter and says so itself. */
type Fate = 'cut' | 'short' | 'gone' | 'whole instead of the part';

/** A store with one object, some of whose answers do not arrive as they should. */
class CuttingStore {
  readonly server: Server;
  content: Buffer = Buffer.alloc(0);
  /** Of the answers to come; then all is well. */
  fates: Fate[] = [];
  readonly requests: string[] = [];

  constructor() {
    this.server = createServer((request, response) => {
      const { method = '', url = '', headers } = request;
      this.requests.push(`${method} ${headers.range ?? ''}`.trim());
      if (url.includes('list-type=2'))
        return this.send(response, 200, list(url.includes('other') ? '' : 'p/1/a.zip'));
      const fate = this.fates[0];
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
      response.setHeader('x-amz-meta-name', 'a.zip');
      response.setHeader('x-amz-meta-sha256', sha256Of(this.content));
      if (method === 'HEAD') return response.writeHead(200, { 'Content-Length': this.content.length }).end();
      if (from === undefined || fate === 'whole instead of the part') {
        return this.send(response, 200, this.content);
      }
      response.setHeader('Content-Range', `bytes ${from}-${to}/${this.content.length}`);
      return this.send(response, 206, this.content.subarray(Number(from), Number(to) + 1));
    });
  }

  private send(response: ServerResponse, status: number, body: Buffer | string): unknown {
    const fate = this.fates.shift();
    const bytes = Buffer.from(body);
    if (fate === 'gone') return response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>');
    const isWhole = fate !== 'cut' && fate !== 'short';
    const sent = isWhole ? bytes : bytes.subarray(0, bytes.length / 2);
    response.writeHead(status, {
      ETag: '"tag"',
      'Content-Length': fate === 'cut' ? bytes.length : sent.length,
      'Content-Type': 'application/xml',
    });
    response.write(sent);
    return fate === 'cut' ? setTimeout(() => response.destroy(), 20) : response.end();
  }
}

describe('what the store cuts on its way', () => {
  let store: CuttingStore;
  let bucket: Bucket;

  beforeEach(async () => {
    store = new CuttingStore();
    store.server.listen(0, '127.0.0.1');
    await once(store.server, 'listening');
    const { port } = store.server.address() as AddressInfo;
    bucket = await Bucket.connect(
      new S3Harness().options({
        endpoint: `http://127.0.0.1:${port}`,
        region: 'us-east-1',
        credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
      }),
    );
  });

  afterEach(() => {
    bucket.close();
    store.server.closeAllConnections();
    store.server.close();
  });

  function open(size: number) {
    store.content = bytesOf(size);
    const entry = { key: 'p/1/a.zip', size, sha256: sha256Of(store.content), at: 0 };
    return new BlobReader(bucket, undefined).open(packageOf('a.zip', entry), entry);
  }

  const sizes = [100, 300_000];

  // Mutant: small packages are read once.
  it.each(sizes.flatMap((size) => (['cut', 'short'] as const).map((fate) => [size, fate] as const)))(
    'is read on from there: %i bytes, %s',
    async (size, fate) => {
      const opened = open(size);
      store.fates = [fate, fate];
      const read = await bytesIn(opened);
      expect(read.equals(store.content)).toBe(true);
      expect(store.requests).toHaveLength(3);
    },
  );

  it.each(sizes)('is not read for ever: %i bytes', async (size) => {
    const opened = open(size);
    store.fates = Array<Fate>(100).fill('short');
    store.content = store.content.subarray(0, size / 2);
    await expect(bytesIn(opened)).rejects.toMatchObject({ code: 'storage_unavailable' });
  });

  it('is never joined with bytes of another place', async () => {
    const opened = open(300_000);
    store.fates = ['short', 'whole instead of the part'];
    expect((await bytesIn(opened)).equals(store.content)).toBe(true);
    store.fates = ['short', ...Array<Fate>(100).fill('whole instead of the part')];
    await expect(bytesIn(opened)).rejects.toMatchObject({ code: 'storage_unavailable' });
    store.fates = ['whole instead of the part'];
    const read = await bytesIn(opened, 0, 9);
    expect(read.equals(store.content.subarray(0, 10))).toBe(true);
  });

  it('is asked for again where it is an index or a list', async () => {
    store.content = Buffer.from('{"format":1}');
    store.fates = ['cut'];
    expect(await bucket.get('index.json')).toMatchObject({ body: store.content });
    store.fates = ['cut'];
    const listed: string[] = [];
    for await (const { key } of bucket.list('p/')) listed.push(key);
    expect(listed).toEqual(['p/1/a.zip']);
  });

  // Mutant: a blob that is collected while it is verified ends the repair.
  it.each([100, 300_000])('is left out of a repair where it is deleted meanwhile: %i bytes', async (size) => {
    open(size);
    // The lists are the first answers.
    store.fates = ['whole instead of the part', 'whole instead of the part', 'short', 'gone'];
    expect(await readBlobs(bucket, { blobs: 'p/', ofReleases: 'other/' }, true)).toEqual({
      blobs: [],
      records: [],
      leftOut: [{ key: 'p/1/a.zip', reason: 'deleted meanwhile' }],
    });
  });
});

function list(key: string): string {
  if (key === '') return '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>';
  return `<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>${key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents></ListBucketResult>`;
}
