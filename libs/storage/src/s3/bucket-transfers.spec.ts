import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

import type { BufferLease } from '../staging/buffer-pool.js';
import { sha256Of } from '../testing/packages.js';
import { S3Harness } from '../testing/s3.harness.js';
import { Bucket } from './bucket.js';

/** More than lies in the sockets between client and store. */
const BYTES = randomBytes(24 * 1024 * 1024 + 7);
const BUFFER_BYTES = 256 * 1024;

describe('large objects', () => {
  const path = join(tmpdir(), `blob-${randomUUID()}`);
  let store: Server;
  let bucket: Bucket;
  /** What the store does with the body of a request; then it answers with that status. */
  let take: (request: IncomingMessage) => Promise<number>;

  beforeEach(async () => {
    await writeFile(path, BYTES);
    store = createServer((request, response) => {
      void take(request).then((status) =>
        response.writeHead(status).end(status === 200 ? BYTES : '<Error></Error>'),
      );
    });
    store.listen(0, '127.0.0.1');
    await once(store, 'listening');
    const { port } = store.address() as AddressInfo;
    bucket = await Bucket.connect(
      new S3Harness().options({
        endpoint: `http://127.0.0.1:${port}`,
        credentials: { accessKeyId: 'key', secretAccessKey: 's3cr3t' },
      }),
    );
  });

  afterEach(async () => {
    bucket.close();
    store.closeAllConnections();
    store.close();
    await rm(path);
  });

  /** Buffers for uploads, and which of them are in use. */
  function buffersOf(): { leases: BufferLease[]; held: Set<BufferLease>; lease: () => BufferLease } {
    const leases: BufferLease[] = [];
    const held = new Set<BufferLease>();
    const lease = (): BufferLease => {
      const made: BufferLease = {
        pair: [Buffer.alloc(BUFFER_BYTES), Buffer.alloc(BUFFER_BYTES)],
        release: () => void held.delete(made),
      };
      leases.push(made);
      held.add(made);
      return made;
    };
    return { leases, held, lease };
  }

  const upload = (buffers: ReturnType<typeof buffersOf>): Promise<void> =>
    bucket.upload('key', { path, size: BYTES.length, sha256: sha256Of(BYTES), name: 'a.zip' }, buffers);

  // Mutants: a buffer is filled again before its bytes are out; new memory for every read.
  it('are sent through the buffers that were lent, to a store that reads slowly', async () => {
    const received: Buffer[] = [];
    take = async (request) => {
      await delay(300);
      for await (const chunk of request as AsyncIterable<Buffer>) {
        received.push(chunk);
        if (received.length % 64 === 0) await delay(1);
      }
      return 200;
    };
    const buffers = buffersOf();

    await upload(buffers);

    expect(Buffer.concat(received).equals(BYTES)).toBe(true);
    expect(buffers.held.size).toBe(0);
    const [one, other] = buffers.leases[0]!.pair.map((lent) => lent.equals(Buffer.alloc(BUFFER_BYTES)));
    expect([one, other, buffers.leases.length]).toEqual([false, false, 1]);
  });

  // Mutant: what is left of a body is waited for.
  it('are sent again, and no longer the first time, where the store refuses before it has all of them', async () => {
    let requests = 0;
    take = async (request) => {
      if (++requests === 1) {
        request.socket.write('HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n');
        return new Promise(() => undefined);
      }
      await buffer(request);
      return 200;
    };
    const buffers = buffersOf();

    await upload(buffers);

    expect([requests, buffers.leases.length, buffers.held.size]).toEqual([2, 2, 0]);
  });

  it('are given up, and their buffers given back, where the store goes away', async () => {
    take = async (request) => {
      request.socket.destroy();
      return Promise.reject(new Error('gone')).catch(() => 500);
    };
    const buffers = buffersOf();

    await expect(upload(buffers)).rejects.toMatchObject({ code: 'storage_unavailable' });

    expect(buffers.held.size).toBe(0);
  });

  // Mutant: what the socket was read into is left to the garbage collector.
  it('are read without what they were read into staying behind', async () => {
    take = async () => Promise.resolve(200);
    const stream = (await bucket.read('key', 0, BYTES.length - 1)) as IncomingMessage;
    const { socket }: { socket: Socket } = stream;
    const reads: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => reads.push(chunk));

    expect((await buffer(stream)).equals(BYTES)).toBe(true);

    expect(reads.length).toBeGreaterThan(5);
    expect(reads.filter(({ length }) => length >= 16 * 1024)).toHaveLength(0);
    // Another answer may come on the same connection.
    expect(socket.listeners('data').some(({ name }) => name === 'releaseChunk')).toBe(false);
  });
});
