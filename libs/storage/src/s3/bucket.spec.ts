import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';

import { StorageError } from '../storage.errors.js';
import { S3Harness } from '../testing/s3.harness.js';
import { Bucket } from './bucket.js';

/** What a store answers with: the status, and the code of its error. */
type Answer = readonly [status: number, code: string] | 'hang up';

const BUSY: Answer = [503, 'SlowDown'];
const BROKEN: Answer = [500, 'InternalError'];
const TOO_MUCH: Answer = [429, 'TooManyRequests'];
const HANG_UP: Answer = 'hang up';

/**
 * A store in a thread of its own, as stores are, that answers a write when it has its head. Then it closes the connection,
 * or reads the body a while later, and tells how much of it there was, and how much was no `x`.
 */
const HASTY_STORE = `
  const { createServer } = require('node:net');
  const { parentPort, workerData: { status, closes } } = require('node:worker_threads');
  const answer = ['HTTP/1.1 ' + status, 'Content-Length: 0', 'ETag: "tag"', 'Connection: close', '', ''].join('\\r\\n');
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (first) => {
      socket.write(answer, () => {
        if (closes) return socket.destroy();
        socket.pause();
        setTimeout(() => socket.resume(), 300);
      });
      let [length, wrong] = [0, 0];
      const count = (bytes) => {
        length += bytes.length;
        for (const byte of bytes) wrong += Number(byte !== 0x78);
      };
      count(first.subarray(first.indexOf('\\r\\n\\r\\n') + 4));
      socket.on('data', count).on('close', () => parentPort.postMessage({ length, wrong }));
    });
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

describe('Bucket', () => {
  let store: Server;
  let bucket: Bucket;
  /** Answers to come; then all is well. */
  let answers: Answer[];
  let requests: string[];

  beforeEach(async () => {
    answers = [];
    requests = [];
    store = createServer((request, response) => {
      requests.push(`${request.method} ${request.url}`);
      const answer = answers.shift() ?? ([200, ''] as const);
      if (answer === 'hang up') {
        request.socket.destroy();
        return;
      }
      const [status, code] = answer;
      const error = `<Error><Code>${code}</Code><Message>It says why.</Message></Error>`;
      response.writeHead(status, { 'Content-Type': 'application/xml', ETag: '"tag"' });
      response.end(status === 200 ? '<ListBucketResult></ListBucketResult>' : error);
    });
    store.listen(0, '127.0.0.1');
    await once(store, 'listening');
    bucket = await Bucket.connect(optionsFor((store.address() as AddressInfo).port));
  });

  afterEach(() => {
    bucket.close();
    store.closeAllConnections();
    store.close();
  });

  function optionsFor(port: number) {
    return new S3Harness().options({
      endpoint: `http://127.0.0.1:${port}`,
      bucket: 'releases',
      region: 'us-east-1',
      credentials: { accessKeyId: 'key', secretAccessKey: 's3cr3t' },
    });
  }

  async function refusalOf(work: Promise<unknown>): Promise<StorageError> {
    const error: unknown = await work.then(
      () => 'nothing was refused',
      (reason: unknown) => reason,
    );
    if (!(error instanceof StorageError)) throw error;
    expect(error.message).not.toContain('s3cr3t');
    return error;
  }

  it.each([
    [403, 'InvalidAccessKeyId', 's3.access_key_id'],
    [404, 'InvalidAccessKeyId', 's3.access_key_id'],
    [403, 'SignatureDoesNotMatch', 's3.secret_access_key'],
    [403, 'AccessDenied', '"Permissions" in docs/storage.md'],
    [404, 'NoSuchBucket', 's3.bucket'],
    [301, 'PermanentRedirect', 's3.region'],
    [400, 'AuthorizationHeaderMalformed', 's3.region'],
    [403, 'RequestTimeTooSkewed', "this machine's clock is wrong"],
  ])('says what to do about %i %s', async (status, code, advice) => {
    answers = [[status, code]];
    const error = await refusalOf(bucket.check());
    expect(error.code).toBe('storage_failed');
    expect(error.message).toMatch(/^The bucket releases cannot be used: .*\.$/);
    expect(error.message).toContain(advice);
    expect(error.message).toContain(code);
    expect(requests).toHaveLength(1);
  });

  it('says that no region is given', async () => {
    const elsewhere = await Bucket.connect({
      ...optionsFor((store.address() as AddressInfo).port),
      region: undefined,
    });
    const known = process.env['AWS_REGION'];
    delete process.env['AWS_REGION'];
    try {
      expect((await refusalOf(elsewhere.check())).message).toBe('No region is given: see s3.region.');
    } finally {
      if (known !== undefined) process.env['AWS_REGION'] = known;
      elsewhere.close();
    }
  });

  it('says that nobody answers', async () => {
    store.closeAllConnections();
    store.close();
    const error = await refusalOf(bucket.check());
    expect(error.code).toBe('storage_unavailable');
    expect(error.message).toMatch(/^The object store did not answer: asking for the bucket failed with /);
  });

  // Mutant: the SDK's own retry, which turns a commit whose answer was lost into a conflict.
  it.each([{ answer: BUSY }, { answer: BROKEN }, { answer: HANG_UP }])(
    'writes a small object once only, for $answer leaves its fate unknown',
    async ({ answer }) => {
      answers = [answer];
      const error = await refusalOf(bucket.put('index.json', Buffer.from('{}'), { ifMatch: '"tag"' }));
      expect(error.code).toBe('storage_unavailable');
      expect(requests).toHaveLength(1);
    },
  );

  it.each([404, 409, 412])('writes nothing where the condition does not hold: %i', async (status) => {
    answers = [[status, 'PreconditionFailed']];
    expect(await bucket.put('index.json', Buffer.from('{}'), { ifMatch: '"tag"' })).toBeUndefined();
  });

  async function withHastyStore(
    answer: { readonly status: string; readonly closes: boolean },
    use: (elsewhere: Bucket, hasty: Worker) => Promise<void>,
  ): Promise<void> {
    const hasty = new Worker(HASTY_STORE, { eval: true, workerData: answer });
    const [port] = (await once(hasty, 'message')) as [number];
    const elsewhere = await Bucket.connect(optionsFor(port));
    try {
      await use(elsewhere, hasty);
    } finally {
      elsewhere.close();
      await hasty.terminate();
    }
  }

  // Caught: one write for each piece, of which a later one failed before the answer was read.
  it('hears that the condition does not hold of a store that closes before it has the body', async () => {
    const pieces = Array.from({ length: 64 }, () => Buffer.alloc(4 * 1024, 'x'));
    await withHastyStore({ status: '412 Precondition Failed', closes: true }, async (elsewhere) => {
      for (let round = 0; round < 10; round++) {
        expect(await elsewhere.put('index.json', pieces, { ifMatch: '"tag"' })).toBeUndefined();
      }
    });
  });

  // Caught: the memory of the body was given back with the answer, and other bytes of the process went to the store.
  it('sends what it was given to a store that answers before it has the body', async () => {
    const pieces = Array.from({ length: 128 }, () => Buffer.alloc(64 * 1024, 'x'));
    await withHastyStore({ status: '200 OK', closes: false }, async (elsewhere, hasty) => {
      const received = once(hasty, 'message');
      expect(await elsewhere.put('index.json', pieces, {})).toBe('"tag"');
      const others = Array.from({ length: 8 }, () => Buffer.alloc(8 * 1024 * 1024, 'secret'));
      expect(await received).toEqual([{ length: 8 * 1024 * 1024, wrong: 0 }]);
      expect(others).toHaveLength(8);
    });
  });

  it('leaves the pieces of what it wrote to their owner', async () => {
    const pieces = [Buffer.alloc(64 * 1024, 'x'), Buffer.alloc(64 * 1024, 'y')];
    await bucket.put('index.json', pieces, {});
    await bucket.put('other.json', pieces[0] ?? Buffer.alloc(0), {});
    expect(pieces.map((piece) => piece.toString('utf8', 0, 2))).toEqual(['xx', 'yy']);
  });

  it.each([{ answer: BUSY }, { answer: TOO_MUCH }, { answer: HANG_UP }])(
    'reads and deletes again after $answer',
    async ({ answer }) => {
      answers = [answer, answer];
      await bucket.delete('a');
      expect(requests).toHaveLength(3);
      answers = [answer];
      expect(await bucket.get('a')).toMatchObject({ etag: '"tag"' });
    },
  );

  it('tells apart an object that is gone, one that is the same, and a bucket that is gone', async () => {
    answers = [[404, 'NoSuchKey']];
    expect(await bucket.get('a')).toBe('missing');
    answers = [[304, '']];
    expect(await bucket.get('a', '"tag"')).toBe('unchanged');
    answers = [[404, 'NoSuchBucket']];
    expect((await refusalOf(bucket.get('a'))).message).toContain('s3.bucket');
  });
});
