import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';

import { namesIn, publish, publishAll, refusalOf } from '../testing/packages.js';
import { S3_STORE, S3Harness } from '../testing/s3.harness.js';
import { Bucket } from './bucket.js';
import { S3PackageStore } from './s3.driver.js';

/** The real store behind an address of its own, where a request can be held up by its head. */
async function delayedStore(onRequest: (head: string) => Promise<void>): Promise<Server> {
  const { hostname, port } = new URL(S3_STORE ?? '');
  const server = createServer((client) => {
    const store = connect(Number(port), hostname);
    const forward = async (): Promise<void> => {
      for await (const chunk of client as AsyncIterable<Buffer>) {
        await onRequest(chunk.toString('latin1'));
        store.write(chunk);
      }
      store.end();
    };
    store.pipe(client);
    store.on('error', () => client.destroy());
    forward().catch(() => store.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

(S3_STORE === undefined ? describe.skip : describe)('the start on a bucket (needs S3_ENDPOINT)', () => {
  const harness = new S3Harness();
  let server: Server | undefined;

  afterEach(async () => {
    server?.close();
    server = undefined;
    await harness.destroy();
  });

  it('is that of an empty store for many who start on a fresh one at once', async () => {
    const options = harness.options();

    const stores = await Promise.all(Array.from({ length: 4 }, () => harness.openWith(options)));

    for (const [at, store] of stores.entries()) await publish(store, `${at}.zip`, 'x');
    const [first] = stores;
    if (first === undefined) throw new Error('no store');
    expect(await namesIn(await harness.reopen(first))).toEqual(['3.zip', '2.zip', '1.zip', '0.zip']);
  });

  // Mutant: the index that was missing a moment ago is not asked for again when blobs are found.
  it('does not take the packages of a faster neighbour for those of a lost index', async () => {
    const options = harness.options();
    server = await delayedStore(async (head) => {
      if (!head.includes('list-type=2')) return;
      await publish(await harness.openWith(options), 'early.zip', 'x');
    });
    const { port } = server.address() as AddressInfo;

    const slow = await S3PackageStore.open({ ...options, endpoint: `http://127.0.0.1:${port}` });

    expect(await namesIn(slow)).toEqual(['early.zip']);
    await slow.close();
  });

  it.each([
    ['is missing', undefined],
    ['is empty', ''],
    ['is cut short', '{"format":1,"seq":4,"pack'],
    ['is something else', '"text"'],
  ])('is refused, with the way out, where there are packages and the index %s', async (_, text) => {
    const options = harness.options();
    const store = await harness.openWith(options);
    await publishAll(store, 'a.zip');
    await store.close();
    const bucket = await Bucket.connect(options);
    await bucket.delete(`${options.prefix}index.json`);
    if (text !== undefined) await bucket.put(`${options.prefix}index.json`, Buffer.from(text), {});
    bucket.close();

    const refusal = await refusalOf(harness.openWith(options));

    expect(refusal.code).toBe('storage_failed');
    expect(refusal.message).toContain('"Repair the index" in docs/storage.md');
  });
});
