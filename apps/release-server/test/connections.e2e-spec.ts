import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { get } from './support/client.js';
import { rawRequest, readAnswer } from './support/raw.js';
import { startServer, TOKEN, withServer, type TestServer } from './support/server.js';
import { ACCEPTED, connectTo } from './support/tls.js';
import { until } from './support/until.js';

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
    const client = connectTo(server.port).on('error', () => undefined);
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
      client.write(
        `${request} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: 1000000000000\r\n\r\nx`,
      );
      expect((await readAnswer(client, 10_000)).status).toBe(status);
      // Not only silent.
      expect(client.readableEnded).toBe(true);
    });

    it('reads no more than 8 MiB of it', async () => {
      let accepted: Socket | undefined;
      http.once(ACCEPTED, (socket: Socket) => (accepted = socket));
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
      const { text } = await rawRequest(server.port, `${bytes}${bytes}${last}`, 5000);
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
      5000,
    );
    process.off('warning', note);
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
    expect(warnings).toEqual([]);
  });

  it.each([
    ['GET /latest', 'HTTP/1.0', 'Host: x\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked'],
    ['PUT /assets/a.zip', 'HTTP/1.0', 'Host: x\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked'],
    ['GET /latest', 'HTTP/1.0', 'Connection: keep-alive\r\nTransfer-Encoding: chunked\r\nHost: x'],
    ['GET /latest', 'HTTP/2.0', 'Host: x'],
    ['GET /latest', 'HTTP/0.9', 'Host: x'],
  ])('is closed after %s %s, whose framing cannot be trusted', async (request, version, fields) => {
    const authorized = `Authorization: Bearer ${TOKEN}`;
    const next = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
    const bytes = `${request} ${version}\r\n${fields}\r\n${authorized}\r\n\r\n1\r\nx\r\n0\r\n\r\n${next}`;
    const { text, head } = await rawRequest(server.port, bytes, 2000);
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400']);
    expect(head).toMatch(/^Connection: close$/im);
    expect(await server.stored()).toEqual([]);
  });

  it('is kept with HTTP/1.0 when the client asks for that', async () => {
    const bytes = 'GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n';
    const { text } = await rawRequest(server.port, bytes + bytes, 2000);
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200']);
  });

  it.each([
    ['a page', 'GET /packages HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nConnection: close\r\n\r\n'],
    ['a probe', 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    ['HEAD', 'HEAD /latest HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    ['304', 'GET /latest HTTP/1.1\r\nHost: x\r\nIf-None-Match: *\r\nConnection: close\r\n\r\n'],
    ['an error', 'GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    ['a refusal', 'PUT /assets/a.zip HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n'],
    ['what cannot be parsed', 'hello\r\n\r\n'],
  ])('says with %s that others may not embed it', async (_, bytes) => {
    const { head } = await rawRequest(server.port, bytes, 300);
    for (const field of [
      'X-Content-Type-Options: nosniff',
      'Cross-Origin-Opener-Policy: same-origin',
      'Cross-Origin-Resource-Policy: same-origin',
      'Referrer-Policy: same-origin',
    ])
      expect(head.split('\r\n')).toContain(field);
  });

  it.each([
    ['under a name without TLS', 'Upgrade-Insecure-Requests: 1', false],
    ['where it can trust the address', 'Upgrade-Insecure-Requests: 1\r\nSec-Fetch-Mode: navigate', true],
  ])('has an opener policy for the page that a browser opens %s', async (_, fields, expected) => {
    const request = `GET /packages HTTP/1.1\r\nHost: x\r\n${fields}\r\nConnection: close\r\n\r\n`;
    const { head } = await rawRequest(server.port, request, 300);
    expect(head.includes('Cross-Origin-Opener-Policy')).toBe(expected);
  });

  it.each([
    ['1500ms', 'timeout=1', 1500],
    ['75s', 'timeout=75', 75_000],
    ['600s', 'timeout=600', 600_000],
  ])('is kept between two requests for keep_alive_timeout, here %s', (text, said, milliseconds) =>
    withServer({ keep_alive_timeout: text }, async (one) => {
      let accepted: Socket | undefined;
      const listener: Server = one.app.getHttpServer();
      listener.once(ACCEPTED, (socket: Socket) => (accepted = socket));
      const client = connectTo(one.port);
      client.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
      expect(String(await once(client, 'data'))).toContain(`Keep-Alive: ${said}\r\n`);
      await until(() => accepted?.timeout !== 120_000);
      // Node waits a little longer than it says.
      expect(accepted?.timeout).toBe(milliseconds + 1000);
      client.destroy();
    }),
  );
});
