import { once } from 'node:events';
import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** A request that a client sent, and how it was answered. */
export interface Exchange {
  readonly method: string;
  /** Path and query, as they were sent. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The beginning of its body. */
  body: string;
  status: number;
  /** The beginning of the answer. */
  answer: string;
}

/** A reverse proxy as a team has one: it speaks TLS where it is given a certificate, and names itself in forwarded headers. */
export interface Front {
  readonly port: number;
  readonly exchanges: Exchange[];
  stop(): Promise<void>;
}

const SHOWN = 2_000;

export async function startFront(target: string, tls?: { key: string; cert: string }): Promise<Front> {
  const exchanges: Exchange[] = [];
  const agent = new Agent({ keepAlive: true });
  const forward = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const { method = '', url: path = '', headers } = incoming;
    const exchange: Exchange = { method, path, headers, body: '', status: 0, answer: '' };
    exchanges.push(exchange);
    const forwarded = {
      'x-forwarded-proto': tls === undefined ? 'http' : 'https',
      'x-forwarded-host': headers.host ?? '',
      'x-forwarded-for': incoming.socket.remoteAddress ?? '',
    };
    const onward = request(
      target + path,
      { agent, method, headers: { ...headers, ...forwarded } },
      (answer) => {
        exchange.status = answer.statusCode ?? 0;
        answer.on('data', (chunk: Buffer) => {
          if (exchange.answer.length < SHOWN) exchange.answer += chunk.toString();
        });
        outgoing.writeHead(exchange.status, answer.headers);
        answer.pipe(outgoing);
      },
    );
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.on('data', (chunk: Buffer) => {
      if (exchange.body.length < SHOWN) exchange.body += chunk.toString();
    });
    incoming.pipe(onward);
  };
  const proxy = (tls === undefined ? createServer(forward) : createTlsServer(tls, forward)).listen(
    0,
    '127.0.0.1',
  );
  await once(proxy, 'listening');
  return {
    port: (proxy.address() as AddressInfo).port,
    exchanges,
    stop: async () => {
      agent.destroy();
      proxy.closeAllConnections();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}
