import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

import { sendChunk } from './send-chunk.js';

/** More than both ends of a connection hold. */
const HUGE = 64 * 1024 * 1024;

describe('sendChunk', () => {
  let server: Server;
  let client: Socket;
  let response: ServerResponse;

  beforeEach(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.on('error', () => undefined).write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    [, response] = (await once(server, 'request')) as [unknown, ServerResponse];
  });

  afterEach(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });

  /** Body of the answer, once it is whole. */
  async function received(length: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of client) {
      chunks.push(chunk as Buffer);
      const all = Buffer.concat(chunks);
      const body = all.subarray(all.indexOf('\r\n\r\n') + 4);
      if (body.length >= length) return body;
    }
    throw new Error('the answer ended too soon');
  }

  it.each([true, false])('writes the head together with the first chunk (the last: %s)', async (isLast) => {
    // Caught: two writes, and with them two packets.
    const writes: number[] = [];
    const { socket } = response;
    if (socket === null) throw new Error('no connection');
    const written = socket._writev?.bind(socket);
    socket._writev = (chunks, callback) => {
      writes.push(chunks.length);
      written?.(chunks, callback);
    };
    response.setHeader('Content-Length', isLast ? 3 : 6);

    expect(sendChunk(response, Buffer.from('abc'), isLast)).toBe(true);

    expect(writes).toHaveLength(1);
    expect(String(await received(3))).toBe('abc');
  });

  it('says at once that the memory of what the connection takes is free', async () => {
    // Caught: a chunk that is kept, not copied, until a later turn.
    response.setHeader('Content-Length', 300);
    const chunk = Buffer.alloc(100);
    for (const value of ['a', 'b', 'c']) {
      chunk.fill(value);
      expect(sendChunk(response, chunk, value === 'c')).toBe(true);
    }
    chunk.fill('x');
    expect(String(await received(300))).toBe('a'.repeat(100) + 'b'.repeat(100) + 'c'.repeat(100));
  });

  it.each([true, false])('waits for a client that does not read (the last: %s)', async (isLast) => {
    response.setHeader('Content-Length', isLast ? HUGE : HUGE + 1);
    let isOut = false;
    const chunk = Buffer.alloc(HUGE, 'a');
    const sent = Promise.resolve(sendChunk(response, chunk, isLast)).then((result) => {
      isOut = true;
      chunk.fill('x');
      return result;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(isOut).toBe(false);

    let [length, others] = [0, 0];
    client.on('data', (part: Buffer) => {
      length += part.length;
      if (part.includes('x')) others += 1;
    });
    expect(await sent).toBe(true);
    while (length < HUGE) await once(client, 'data');
    // One part has the head, with a x in it or not.
    expect(others).toBeLessThanOrEqual(1);
  });

  it('tells when the client leaves', async () => {
    response.setHeader('Content-Length', HUGE + 1);
    const listeners = response.listenerCount('close');
    const sent = sendChunk(response, Buffer.alloc(HUGE), false);
    client.destroy();
    expect(await sent).toBe(false);
    expect(response.listenerCount('close')).toBeLessThanOrEqual(listeners);
    expect(sendChunk(response, Buffer.alloc(1), false)).toBe(false);
    expect(sendChunk(response, Buffer.alloc(1), true)).toBe(false);
  });

  it('does not wait for a client that leaves before the last chunk is out', async () => {
    response.setHeader('Content-Length', HUGE);
    const sent = sendChunk(response, Buffer.alloc(HUGE), true);
    client.destroy();
    await expect(sent).resolves.toEqual(expect.any(Boolean));
  });
});
