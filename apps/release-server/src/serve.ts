import 'reflect-metadata';

import { Logger, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';

import { AuthError } from '#auth';
import { RetentionPolicy } from '#retention';
import { PackageReader, StorageError } from '#storage';

import { APP_OPTIONS, setUpApp } from './app.setup.js';
import { ConfigError, EX_CONFIG } from './config/config.error.js';
import { Config } from './config/config.js';
import { logStartFailure } from './observability/start-failure.js';
import { HttpServerAdapter } from './server/http-server.adapter.js';
import { endWithNpm } from './server/npm-parent.js';

/**
 * Runs what `compose` puts together, as this process, until a signal ends it. What keeps it from starting is logged in
 * one line and ends the process, with code 78 where the configuration is to blame; that goes for `compose` too.
 */
export async function serve(compose: () => DynamicModule): Promise<void> {
  try {
    await start(compose());
  } catch (error) {
    await logStartFailure(error);
    process.exit(isMisconfigured(error) ? EX_CONFIG : 1);
  }
}

/** Whether another configuration, or another file where it names one, is what would let it start. */
function isMisconfigured(error: unknown): boolean {
  return (
    error instanceof ConfigError ||
    (error instanceof AuthError && error.code === 'token_unavailable') ||
    (error instanceof StorageError && error.code === 'foreign_packages')
  );
}

async function start(root: DynamicModule): Promise<void> {
  // The modes of files are what the code says: packages can be read by all who may enter their directory.
  process.umask(0o022);
  const app = await NestFactory.create<NestExpressApplication>(root, new HttpServerAdapter(), APP_OPTIONS);
  await setUpApp(app);
  // SIGHUP is that of a terminal that is closed.
  app.enableShutdownHooks(['SIGTERM', 'SIGINT', 'SIGHUP'], { useProcessExit: true });
  endWithNpm();
  const config = app.get(Config);
  await listen(app, config);
  const url = (await app.getUrl()).replace('[::1]', 'localhost');
  const { location } = app.get(PackageReader);
  new Logger('main').log(app.get(RetentionPolicy).limits, `listening on ${url}, packages are in ${location}`);
}

/** Errors of `listen` that are those of `host`. */
const HOST_ERRORS = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL']);

/** Throws `ConfigError` with the key whose value is to blame; a shell may have exported `HOST` or `PORT` for its own use. */
async function listen(app: NestExpressApplication, config: Config): Promise<void> {
  const { host, port } = config;
  try {
    await app.listen(port, host);
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code === undefined || syscall === undefined) throw error;
    throw HOST_ERRORS.has(code)
      ? config.problem('host', `cannot listen on ${JSON.stringify(host)}: ${code}`, { cause: error })
      : config.problem('port', `cannot listen on ${host}, port ${port}: ${code}`, { cause: error });
  }
}
