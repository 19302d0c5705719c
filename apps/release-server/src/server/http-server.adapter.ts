import { createServer, type IncomingMessage, type RequestListener } from 'node:http';

import { ExpressAdapter } from '@nestjs/platform-express';
import express from 'express';

import { answerClientError } from './client-error.js';
import { servePipelines } from './pipeline.js';

/** Time limits of connections, in milliseconds. */
const TIMEOUTS = {
  /** For the whole head of a request. */
  headersTimeout: 20_000,
  /** Between two looks for connections that exceed it. */
  connectionsCheckingInterval: 2_000,
  /** For a whole request: none, since a large upload on a slow line takes its time; a stalled one is dropped. */
  requestTimeout: 0,
};
/** A missing Host is refused by our own check, with an answer like every other. */
const OPTIONS = { ...TIMEOUTS, requireHostHeader: false };
/** Milliseconds without any byte in either direction after which a connection with a request is dropped. */
const IDLE = 120_000;

/** Express behind an HTTP server that bounds slow clients and lets the application refuse before a body is sent. */
export class HttpServerAdapter extends ExpressAdapter {
  /** Called with each request before Express. */
  onArrival: (request: IncomingMessage) => void = () => undefined;

  constructor() {
    const instance = express();
    // Taken when the router is made, which is at the first use.
    instance.set('case sensitive routing', true);
    super(instance);
  }

  override initHttpServer(): void {
    const server = createServer(OPTIONS);
    const handle = this.getInstance<RequestListener>();
    servePipelines(server, (request, response) => {
      this.onArrival(request);
      handle(request, response);
    });
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
