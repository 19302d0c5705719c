import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

import type { Principal } from '#auth';

import { printable } from '../observability/printable.js';
import { requestedHost } from './host.js';
import type { Forwarded, TrustedProxies } from './trusted-proxies.service.js';

/** What a client may choose as its request's id. */
const REQUEST_ID = /^[A-Za-z0-9._:+/=@-]{1,128}$/;

/** An id is a UUID of this process that ends with a counter: a random one for each request costs more than its checks. */
const ID_PREFIX = randomUUID().slice(0, -12);
let count = 0;

function nextId(): string {
  count += 1;
  return ID_PREFIX + count.toString(16).padStart(12, '0');
}

/** Who asks, as lines of the log say it. */
export interface Client {
  readonly address: string;
  readonly user_agent: string | undefined;
}

/** What is known of a request from its arrival to its line in the log. */
export class RequestContext {
  /** From `X-Request-Id`, or made. */
  readonly id: string;
  /**
   * The path that was asked for, as it was sent: percent-encoded, without the query, and without scheme, user and host
   * where a client sends the whole address (RFC 9112 §3.2.2).
   */
  readonly path: string;
  /** The host that the client named, with its port where it has one; empty where it named none. */
  readonly host: string;
  readonly forwarded: Forwarded;
  /** Of the client. Taken at once, for a connection that is closed no longer tells it. */
  readonly address: string;
  /** Who asks, where the route asks for a token. */
  principal?: Principal;
  /** Whether the answer is for the asker alone. */
  isPrivate = false;
  /** Whether it changes nothing, although its method may. */
  isRead = false;
  /** As of `performance.now()`. */
  readonly arrivedAt = performance.now();
  /** What the connection had sent before. */
  readonly sentBefore: number;
  private foundRoute: string | undefined;

  constructor(
    private readonly request: IncomingMessage & { readonly route?: { readonly path: string } },
    proxies: TrustedProxies,
  ) {
    const { headers, url = '/' } = request;
    const asked = headers['x-request-id'];
    this.id = typeof asked === 'string' && REQUEST_ID.test(asked) ? asked : nextId();
    this.path = pathOf(url);
    this.sentBefore = request.socket.bytesWritten;
    this.host = requestedHost(request);
    this.forwarded = proxies.forwardedOf(request);
    this.address = proxies.clientAddress(request, this.forwarded);
  }

  /** The pattern of the route that answers, such as `/assets/*filename`; undefined until one is found. */
  get route(): string | undefined {
    return this.foundRoute ?? this.request.route?.path;
  }

  set route(pattern: string) {
    this.foundRoute = pattern;
  }

  get client(): Client {
    const agent = this.request.headers['user-agent'];
    return { address: this.address, user_agent: agent === undefined ? undefined : printable(agent) };
  }
}

const CONTEXT = Symbol('request context');
type Begun = IncomingMessage & { [CONTEXT]?: RequestContext };

function pathOf(url: string): string {
  const query = url.indexOf('?');
  const path = query < 0 ? url : url.slice(0, query);
  return path.startsWith('/') ? path : path.replace(/^[a-z]+:\/\/[^/]*/i, '') || '/';
}

/**
 * Makes the context of a request that has just arrived. Of a target that is a whole address only the path and the query are
 * left in the request, so that nobody reads another path out of it than the context has.
 */
export function beginRequest(request: IncomingMessage, proxies: TrustedProxies): RequestContext {
  const context = new RequestContext(request, proxies);
  const { url = '/' } = request;
  if (!url.startsWith('/')) request.url = context.path + (/\?.*/s.exec(url)?.[0] ?? '');
  (request as Begun)[CONTEXT] = context;
  return context;
}

export function contextOf(request: IncomingMessage): RequestContext {
  const context = (request as Begun)[CONTEXT];
  if (context === undefined) throw new Error('The request has no context: it did not come in by the server');
  return context;
}

/** Hands a route its {@link RequestContext}. */
export const Context = createParamDecorator((_: unknown, execution: ExecutionContext) =>
  contextOf(execution.switchToHttp().getRequest<IncomingMessage>()),
);
