import { createServer, type RequestListener } from 'node:http';

import { ExpressAdapter } from '@nestjs/platform-express';
import express, { type Application, type NextFunction, type Request, type Response } from 'express';

import { ProblemError } from '../problems/problem.js';
import { answerClientError } from './client-error.js';
import { keepFirstMessages } from './first-messages.js';
import { servePipelines } from './pipeline.js';
import { placeOf, type Layer } from './routes.js';
import { SecureServer } from './tls/secure-server.js';
import type { ServerCertificate } from './tls/server-certificate.js';
import { unrouted } from './unrouted.js';

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
const IDLE_TIMEOUT_MS = 120_000;

/** What Nest's adapter keeps to itself. */
interface Hooks {
  readonly onRequestHook?: unknown;
  readonly onResponseHook?: unknown;
}

/** Express behind an HTTP or HTTPS server that bounds slow clients and lets the application refuse before a body is sent. */
export class HttpServerAdapter extends ExpressAdapter {
  /** Who gets each request first. */
  listener: RequestListener = this.getInstance<RequestListener>();
  /** Who hears of each request when its answer is out, or its client gone. */
  closed: RequestListener = () => undefined;
  /** With one the next server that is made speaks HTTPS. */
  certificate: ServerCertificate | undefined;

  /** Asked before anybody is told that there is nothing at an address; a rejection is answered instead. */
  admit: ((request: Request, response: Response) => Promise<unknown>) | undefined;

  /** How many layers Nest's adapter has put before all others, for its hooks. */
  private readonly hookLayers: number;

  constructor() {
    const instance = express();
    // Taken when the router is made, which is at the first use.
    instance.set('case sensitive routing', true);
    instance.set('etag', false);
    instance.disable('x-powered-by');
    super(instance);
    this.hookLayers = instance.router.stack.length;
  }

  /** As `placeOf` of `routes.ts`; undefined also where Nest's adapter has something to call around every route. */
  placeOf(pattern: string): Layer[] | undefined {
    const { onRequestHook, onResponseHook } = this as unknown as Hooks;
    if (onRequestHook !== undefined || onResponseHook !== undefined) return undefined;
    return placeOf(this.getInstance<Application>(), pattern, this.hookLayers);
  }

  override initHttpServer(): void {
    const { certificate } = this;
    const server = certificate === undefined ? createServer(OPTIONS) : new SecureServer(OPTIONS, certificate);
    keepFirstMessages(server);
    servePipelines(
      server,
      (request, response) => this.listener(request, response),
      (request, response) => this.closed(request, response),
    );
    server.setTimeout(IDLE_TIMEOUT_MS);
    // The route decides whether the body is wanted, and says so when it begins to read; other expectations
    // are ignored, as a server may (RFC 9110 §10.1.1).
    for (const event of ['checkContinue', 'checkExpectation']) {
      server.on(event, (request, response) => server.emit('request', request, response));
    }
    server.on('clientError', answerClientError);
    this.httpServer = server;
  }

  /** In the place of Nest's own handler, whose error looks like one that a route throws. */
  override setNotFoundHandler(): void {
    this.use((request: Request, response: Response, next: NextFunction) => {
      if (this.admit === undefined) next(unrouted(request));
      else this.admit(request, response).then(() => next(unrouted(request)), next);
    });
  }

  /** What happened before a route was called. */
  override mapException(error: unknown): unknown {
    if (error instanceof URIError) return new ProblemError('bad_request', 'The address cannot be decoded.');
    return super.mapException(error);
  }
}
