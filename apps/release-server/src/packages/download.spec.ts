import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';

import type { OpenPackage } from '#storage';

import { sendPackage } from './download.js';

/** A package of two chunks that tells whether it was let go. */
class TwoChunks implements OpenPackage {
  readonly package = { name: 'a.zip', size: 2, createdAt: 0, sha256: undefined, revision: 'v' };
  closed = false;

  async *read(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('a');
    yield Buffer.from('b');
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

describe('sending a package', () => {
  it.each([
    ['before the only chunk', 1],
    ['before the first of two chunks', 0],
  ])('lets it go when the client left %s', async (_, start) => {
    // Caught: waiting for the end of a response that is closed already.
    const opened = new TwoChunks();
    const sent = new Promise<boolean>((resolve) => {
      const server = createServer((request, response) => {
        request.headers.range = `bytes=${start}-`;
        request.socket.destroy();
        void once(response, 'close')
          .then(() => sendPackage(request, response, opened, []))
          .then(() => resolve(opened.closed));
      }).listen(0, '127.0.0.1', () => {
        const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
        socket.on('error', () => undefined).once('close', () => server.close());
        socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      });
    });
    await expect(sent).resolves.toBe(true);
  });
});
