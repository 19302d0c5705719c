import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { get } from './support/client.js';
import { rawRequest, readAnswer } from './support/raw.js';
import { startServer, TOKEN, type TestServer } from './support/server.js';

describe('a connection', () => {
  let server: TestServer;
  let http: Server;
  const clients: Socket[] = [];

  beforeAll(async () => {
    server = await startServer();
    http = server.app.getHttpServer();
  });

  afterAll(async () => {
    for (const client of clients) client.destroy();
    await server.stop();
  });

  async function open(): Promise<Socket> {
    const client = connect(server.port, '127.0.0.1').on('error', () => undefined);
    clients.push(client);
    await once(client, 'connect');
    return client;
  }

  it('that sends 5 MB of requests and reads nothing has a handful of them waiting, and probes go on', async () => {
    let waiting = 0;
    let most = 0;
    http.on('request', (_, response) => {
      waiting += 1;
      most = Math.max(most, waiting);
      response.once('close', () => (waiting -= 1));
    });
    const client = await open();
    client.pause();
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(200_000));
    for (let probe = 0; probe < 20; probe++) {
      expect((await get(server, '/healthz')).status).toBe(200);
      await delay(50);
    }
    client.destroy();
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThan(30);
  });

  describe('with a body that no route reads', () => {
    it.each([
      ['GET /healthz', 200],
      ['HEAD /latest', 200],
      ['GET /assets/none.zip', 404],
      ['DELETE /assets/none.zip', 404],
      ['POST /nothing', 404],
    ])('answers %s and is closed soon after, however little comes', async (request, status) => {
      const client = await open();
      const began = Date.now();
      client.write(
        `${request} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: 1000000000000\r\n\r\nx`,
      );
      expect((await readAnswer(client, 10_000)).status).toBe(status);
      expect(Date.now() - began).toBeLessThan(8000);
    });

    it('reads no more than 8 MiB of it', async () => {
      let accepted: Socket | undefined;
      http.once('connection', (socket: Socket) => (accepted = socket));
      const client = await open();
      client.resume();
      client.write('GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000000\r\n\r\n');
      client.write(Buffer.alloc(64 * 1024 * 1024));
      await new Promise((resolve) => client.once('close', resolve));
      expect(accepted?.bytesRead).toBeLessThan(9 * 1024 * 1024);
    });

    it.each([
      ['GET /healthz', 'GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}'],
      [
        'GET /latest',
        'GET /latest HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
      ],
    ])('goes on when it is small and whole: %s', async (_, bytes) => {
      const last = 'GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
      const { text } = await rawRequest(server.port, `${bytes}${bytes}${last}`);
      expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(Array(3).fill('HTTP/1.1 200'));
    });
  });

  it('is not read on behind what cannot be parsed', async () => {
    // Caught: each further piece is an error of its own, and has something waiting for the answer before it.
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    const { text } = await rawRequest(
      server.port,
      `GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n\0${'x\r\n\r\n'.repeat(20_000)}`,
    );
    process.off('warning', note);
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
    expect(warnings).toEqual([]);
  });
});
