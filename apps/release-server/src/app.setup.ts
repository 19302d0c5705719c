import type { Server } from 'node:http';

import type { NestApplicationOptions } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';

import { Config } from './config/config.js';
import type { HttpServerAdapter } from './server/http-server.adapter.js';
import { HostChecks } from './server/host-checks.middleware.js';
import { beginRequest } from './server/request-context.js';
import { RequestChecks } from './server/request-checks.middleware.js';
import { RequestLog } from './server/request-log.middleware.js';
import { TrustedProxies } from './server/trusted-proxies.service.js';
import { AppLogger } from './observability/app-logger.js';

const quiet = (): void => undefined;

/**
 * How the application is created, by the program and by its tests. Bodies are read by those who want them.
 * Lines wait until the configured logger takes them over; where it comes to none, the start's failure is told
 * in one line of its own.
 */
export const APP_OPTIONS = {
  bodyParser: false,
  bufferLogs: true,
  logger: { log: quiet, error: quiet, warn: quiet, debug: quiet, verbose: quiet, fatal: quiet },
  abortOnError: false,
} satisfies NestApplicationOptions;

/** What an application needs between its creation and its start. */
export function setUpApp(app: NestExpressApplication): void {
  app.useLogger(app.get(AppLogger));
  const server: Server = app.getHttpServer();
  server.keepAliveTimeout = app.get(Config).keep_alive_timeout;
  app.set('etag', false);
  app.disable('x-powered-by');
  const proxies = app.get(TrustedProxies);
  (app.getHttpAdapter() as HttpServerAdapter).onArrival = (request) => beginRequest(request, proxies);
  // Before all routing, so that no address is spared.
  for (const middleware of [app.get(RequestLog), app.get(RequestChecks), app.get(HostChecks)]) {
    app.use(middleware.use.bind(middleware));
  }
}
