import { createServer, STATUS_CODES, type RequestListener, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import { ExpressAdapter } from '@nestjs/platform-express';
import express from 'express';

import { PROBLEMS, problemDocument, type ProblemCode } from './problem.js';

/** Time limits of connections, in milliseconds. */
const TIMEOUTS = {
  /** For the whole head of a request. */
  headersTimeout: 20_000,
  /** Between two looks for connections that exceed it. */
  connectionsCheckingInterval: 2_000,
  /** For a whole request: none, since a large upload on a slow line takes its time; a stalled one is dropped. */
  requestTimeout: 0,
  /** Between two requests; longer than proxies keep their connections, so that they close first. */
  keepAliveTimeout: 75_000,
};
/** A missing Host is refused by our own check, with an answer like every other. */
const OPTIONS = { ...TIMEOUTS, requireHostHeader: false };
/** Milliseconds without any byte in either direction after which a connection is dropped. */
const IDLE = 120_000;

/** Express behind an HTTP server that bounds slow clients and lets the application refuse before a body is sent. */
export class HttpServerAdapter extends ExpressAdapter {
  constructor() {
    const instance = express();
    // Taken when the router is made, which is at the first use.
    instance.set('case sensitive routing', true);
    super(instance);
  }

  override initHttpServer(): void {
    const server = createServer(OPTIONS, inTurn(this.getInstance<RequestListener>()));
    server.setTimeout(IDLE);
    // The route decides whether the body is wanted, and says so when it begins to read; other expectations
    // are ignored, as a server may (RFC 9110 §10.1.1).
    for (const event of ['checkContinue', 'checkExpectation']) {
      server.on(event, (request, response) => server.emit('request', request, response));
    }
    server.on('clientError', answerClientError);
    this.httpServer = server;
  }
}

/**
 * Handles a request when the one before it on its connection is answered, and not at all when that closed it. Node
 * itself begins with all that are sent at once: a read could overtake the write that it follows (RFC 9112 §9.3.2),
 * and what follows a refused request would be done (§9.6).
 */
function inTurn(handle: RequestListener): RequestListener {
  const last = new WeakMap<Socket, ServerResponse>();
  return (request, response) => {
    const before = last.get(request.socket);
    last.set(request.socket, response);
    const begin = (): void => {
      if (request.socket.writable) handle(request, response);
    };
    if (before === undefined || before.closed) begin();
    else before.once('close', begin);
  };
}

/** Answers what could not be parsed as HTTP, after what was asked before it and unless an answer is on its way. */
function answerClientError(error: NodeJS.ErrnoException, stream: Duplex): void {
  const socket = stream as Socket & { _httpMessage?: ServerResponse };
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const pending = socket._httpMessage;
  if (pending?.req.complete === true) {
    pending.once('close', () => answerClientError(error, socket));
    return;
  }
  if (pending?.headersSent === true) {
    socket.destroySoon();
    return;
  }
  const code = clientErrorCode(error.code);
  const { status, title } = PROBLEMS[code];
  const body = JSON.stringify(problemDocument(code, `${title}.`, '/'));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

function clientErrorCode(code: string | undefined): ProblemCode {
  if (code === 'HPE_HEADER_OVERFLOW') return 'headers_too_large';
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'request_timeout' : 'bad_request';
}
