import type { IncomingMessage, ServerResponse } from 'node:http';

import { Injectable, type Type } from '@nestjs/common';
import { HttpAdapterHost, type ApplicationConfig } from '@nestjs/core';

import { BearerGuard, isPublic } from '#auth';

import { Config } from '../config/config.js';
import type { HttpServerAdapter } from './http-server.adapter.js';
import { hasBody } from './lingering-close.js';
import { ProblemFilter } from './problem.filter.js';
import type { RequestContext } from './request-context.js';
import { matches, type Layer } from './routes.js';

/** Answers a read. @param rest - What the wildcard of the route's pattern stands for. */
export type ReadHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  context: RequestContext,
  rest: string,
) => void | Promise<void>;

/** A route of a controller that is answered without Express and Nest. */
export interface ReadRoute {
  /** As Express has it: a path, or one that ends with a wildcard. */
  readonly pattern: string;
  /** The path up to the wildcard. */
  readonly path: string;
  readonly handle: ReadHandler;
  /** The class and method whose decorators tell whether it asks for a token. */
  readonly declaredBy: readonly object[];
  /** Layers that Express would call first if they match the path; undefined where Express has to answer in any case. */
  before: readonly Layer[] | undefined;
}

/** A wildcard value that needs no decoding. */
const PLAIN = /^[A-Za-z0-9._+@~-]+$/;

/**
 * Finds the handler that answers a read without Express and Nest, which cost more than the answer. Controllers declare
 * their routes as usual, and add a handler for a plain GET or HEAD of them. Everything else goes through Express: other
 * methods, other spellings of a path, requests with a body, routes that ask for a token, all routes where reads do, and what an extension would see.
 */
@Injectable()
export class ReadPath {
  private readonly routes: ReadRoute[] = [];
  private readonly exact = new Map<string, ReadRoute>();
  private readonly prefixed: ReadRoute[] = [];
  private config: ApplicationConfig | undefined;
  private isReady = false;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly settings: Config,
  ) {}

  /** @param method - Of the controller, which declares the route. */
  add<T>(pattern: string, controller: Type<T>, method: keyof T & string, handle: ReadHandler): void {
    const declaredBy = [controller, (controller.prototype as Record<string, object>)[method] ?? {}];
    const path = pattern.replace(/\*\w+$/, '');
    const route: ReadRoute = { pattern, path, handle, declaredBy, before: undefined };
    this.routes.push(route);
    if (path === pattern) this.exact.set(path, route);
    else this.prefixed.push(route);
  }

  /** Starts to take requests, for an application with this configuration. */
  open(config: ApplicationConfig): void {
    this.config = config;
  }

  /** The route that answers a request; undefined where Express has to. */
  find({ method, headers }: IncomingMessage, context: RequestContext): ReadRoute | undefined {
    if (method !== 'GET' && method !== 'HEAD') return undefined;
    const { path } = context;
    const route = this.exact.get(path) ?? this.prefixed.find((one) => path.startsWith(one.path));
    if (route === undefined || hasBody(headers)) return undefined;
    if (route.path !== route.pattern && !PLAIN.test(path.slice(route.path.length))) return undefined;
    if (!this.isReady) this.prepare();
    if (route.before === undefined || route.before.some((layer) => matches(layer, path))) return undefined;
    context.route = route.pattern;
    return route;
  }

  /** At the first request, when all routes are registered. */
  private prepare(): void {
    this.isReady = true;
    const adapter = this.host.httpAdapter as unknown as HttpServerAdapter;
    if (this.settings.read_access === 'token') return;
    if (this.config === undefined || hasOthers(this.config)) return;
    for (const route of this.routes) {
      if (isPublic(route.declaredBy)) route.before = adapter.placeOf(route.pattern);
    }
  }
}

/** Whether a global enhancer of an extension takes part in every request. */
function hasOthers(config: ApplicationConfig): boolean {
  return [
    config.getGlobalGuards().filter((guard) => !(guard instanceof BearerGuard)),
    config.getGlobalFilters().filter((filter) => !(filter instanceof ProblemFilter)),
    config.getGlobalInterceptors(),
    config.getGlobalPipes(),
    config.getGlobalRequestGuards(),
    config.getGlobalRequestFilters(),
    config.getGlobalRequestInterceptors(),
    config.getGlobalRequestPipes(),
    config.getGlobalPreRequestHooks(),
  ].some(({ length }) => length > 0);
}
