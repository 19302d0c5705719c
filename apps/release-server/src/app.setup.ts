import type { Server } from 'node:http';

import type { NestApplicationOptions } from '@nestjs/common';
import type { ApplicationConfig, NestApplication } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';

import { Admission } from '#auth';

import { Config } from './config/config.js';
import { AppLogger } from './observability/app-logger.js';
import { RepositoryAddresses } from './releases/permalinks/repository-addresses.service.js';
import { Edge } from './server/edge.js';
import type { HttpServerAdapter } from './server/http-server.adapter.js';
import { ReadPath } from './server/read-path.js';
import { ServerCertificate } from './server/tls/server-certificate.js';

const quiet = (): void => undefined;

/**
 * How the application is created, by the program and by its tests. Bodies are read by those who want them.
 * Lines are buffered until the configured logger takes over; a start that fails before that is logged in one line of
 * its own.
 */
export const APP_OPTIONS = {
  bodyParser: false,
  bufferLogs: true,
  logger: { log: quiet, error: quiet, warn: quiet, debug: quiet, verbose: quiet, fatal: quiet },
  abortOnError: false,
} satisfies NestApplicationOptions;

/** What an application needs between its creation and its start. Throws `ConfigError`. */
export async function setUpApp(app: NestExpressApplication): Promise<void> {
  app.useLogger(app.get(AppLogger));
  const config = app.get(Config);
  const { keep_alive_timeout: keepAliveTimeout, trust_proxy: trusted } = config;
  const adapter = app.getHttpAdapter() as unknown as HttpServerAdapter;
  adapter.certificate = await ServerCertificate.of(config);
  // Nest has made one with the application, before anybody could know of TLS.
  if (adapter.certificate !== undefined) (app as unknown as NestApplication).registerHttpServer();
  // For routes of extensions, which ask Express for the client's address and scheme.
  app.set('trust proxy', trusted);
  const server: Server = app.getHttpServer();
  server.keepAliveTimeout = keepAliveTimeout;
  const edge = app.get(Edge);
  adapter.listener = edge.before(app.get(RepositoryAddresses).before(adapter.listener));
  const admission = app.get(Admission, { strict: false });
  if (admission.closesReads) adapter.admit = (request, response) => admission.identify(request, response);
  adapter.closed = (request, response) => edge.after(request, response);
  // Nest has no other way to tell what takes part in every request.
  app.get(ReadPath).open((app as unknown as { readonly config: ApplicationConfig }).config);
}
