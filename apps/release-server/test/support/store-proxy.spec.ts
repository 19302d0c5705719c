import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

import { kindOf, StoreProxy } from './store-proxy.js';
import { until } from './until.js';

describe('the proxy in front of a store', () => {
  let store: Server;
  let proxy: StoreProxy;
  let received: { request: IncomingMessage; body: Buffer }[];

  beforeEach(async () => {
    received = [];
    store = createServer((request, response) => {
      void buffer(request).then((body) => {
        received.push({ request, body });
        response.writeHead(200, ['ETag', '"tag"']).end(body);
      });
    });
    store.listen(0, '127.0.0.1');
    await once(store, 'listening');
    proxy = await StoreProxy.start(`http://127.0.0.1:${(store.address() as AddressInfo).port}`);
  });

  afterEach(async () => {
    await proxy.stop();
    store.close();
  });

  const send = (headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> =>
    fetch(`${proxy.url}/b/x/index.json?x=a%20b`, {
      method: 'PUT',
      body: 'content',
      headers,
      signal: signal ?? null,
    });

  it('passes a request and its answer on as they are, the host included', async () => {
    const answer = await send({ 'X-Amz-Date': 'now' });
    expect([answer.status, answer.headers.get('etag'), await answer.text()]).toEqual([
      200,
      '"tag"',
      'content',
    ]);
    const [{ request, body } = {}] = received;
    expect([request?.method, request?.url, String(body)]).toEqual([
      'PUT',
      '/b/x/index.json?x=a%20b',
      'content',
    ]);
    expect(request?.headers).toMatchObject({ host: new URL(proxy.url).host, 'x-amz-date': 'now' });
    expect(proxy.counts()).toEqual({ 'PUT index': 1 });
  });

  it('answers in the place of the store, so many times', async () => {
    const rule = proxy.treat(({ kind }) => kind === 'PUT index', { answer: 503 }, 2);
    expect([(await send()).status, (await send()).status, (await send()).status]).toEqual([503, 503, 200]);
    expect([rule.met, received.length]).toEqual([2, 1]);
  });

  it('resets a connection before the store has the request, or after it has done it', async () => {
    const drop = proxy.treat(() => true, 'drop');
    await expect(send()).rejects.toThrow('fetch failed');
    expect(received).toHaveLength(0);
    drop.remove();
    proxy.treat(() => true, 'lose reply');
    await expect(send()).rejects.toThrow('fetch failed');
    expect(received).toHaveLength(1);
  });

  it('keeps a request until it may go on', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const rule = proxy.treat(() => true, { after: () => promise });
    const sent = send();
    await until(() => rule.met === 1);
    expect(received).toHaveLength(0);
    resolve();
    expect((await sent).status).toBe(200);
  });

  it('sends a held request on when its sender is gone, and holds back an answer', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const held = proxy.treat(() => true, { held: () => promise }, 1);
    const leaving = new AbortController();
    const left = send({}, leaving.signal);
    await until(() => held.met === 1);
    // So that all of it is there.
    await delay(50);
    leaving.abort();
    await expect(left).rejects.toThrow('aborted');
    expect(received).toHaveLength(0);
    resolve();
    await until(() => received.length === 1);
    expect(String(received[0]?.body)).toBe('content');

    const answer = Promise.withResolvers<void>();
    proxy.treat(() => true, { late: () => answer.promise });
    const late = send();
    await until(() => received.length === 2);
    answer.resolve();
    expect((await late).status).toBe(200);
  });

  it('cuts an answer in the middle', async () => {
    store.removeAllListeners('request').on('request', (_request, response: ServerResponse) => {
      response.writeHead(200, { 'Content-Length': 7 }).end('content');
    });
    proxy.treat(() => true, 'cut');
    const answer = await send();
    expect(answer.headers.get('content-length')).toBe('7');
    await expect(answer.text()).rejects.toThrow('terminated');
  });

  it('tells of what the store did, also when its answer is lost or nobody waits for it', async () => {
    const seen: string[] = [];
    proxy.observe(
      ({ kind }) => kind === 'PUT index',
      ({ body, status, isLost }) => seen.push(`${String(body)} ${status} ${isLost ? 'lost' : 'told'}`),
    );
    await send();
    proxy.treat(() => true, 'lose reply', 1);
    await expect(send()).rejects.toThrow('fetch failed');
    const { promise, resolve } = Promise.withResolvers<void>();
    store.removeAllListeners('request').once('request', (_request, response: ServerResponse) => {
      void promise.then(() => response.end());
    });
    const leaving = new AbortController();
    const left = send({}, leaving.signal);
    await until(() => store.listenerCount('request') === 0);
    leaving.abort();
    await expect(left).rejects.toThrow('aborted');
    // So that the proxy has noticed.
    await delay(50);
    resolve();
    await until(() => seen.length === 3);
    expect(seen).toEqual(['content 200 told', 'content 200 lost', 'content 200 told']);
  });

  it('takes headers away, and out of the signature', async () => {
    proxy.treat(() => true, { without: ['if-match'] });
    await send({
      'If-Match': '"old"',
      Authorization:
        'AWS4-HMAC-SHA256 Credential=key/20250101/r/s3/aws4_request, SignedHeaders=host;if-match, Signature=0',
    });
    const headers = received[0]?.request.headers ?? {};
    expect(headers).not.toHaveProperty('if-match');
    expect(headers.authorization).toContain('SignedHeaders=host,');
  });
});

it.each([
  ['PUT', '/b/p/index.json', 'PUT index'],
  ['GET', '/b/p/packages/uuid/a.zip', 'GET blob'],
  ['PUT', '/b/p/probe/uuid', 'PUT probe'],
  ['GET', '/b?list-type=2&prefix=p%2Fpackages%2F', 'GET list'],
  ['HEAD', '/b', 'HEAD bucket'],
])('calls %s %s %s', (method, path, kind) => {
  expect(kindOf(method, path)).toBe(kind);
});
