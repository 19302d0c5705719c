import 'reflect-metadata';

import { resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';

import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';

import { AppModule } from './app.module.js';
import { APP_OPTIONS, setUpApp } from './app.setup.js';
import { Config } from './config/config.js';
import { ConfigError, EX_CONFIG } from './config/config.error.js';
import { HttpServerAdapter } from './http/http-server.adapter.js';
import { logStartFailure } from './observability/start-failure.js';

async function main(): Promise<void> {
  // Collects soon rather than take memory that is free: docs/adr/0004-collect-soon.md
  setFlagsFromString('--memory-saver-mode');
  const app = await NestFactory.create<NestExpressApplication>(
    AppModule,
    new HttpServerAdapter(),
    APP_OPTIONS,
  );
  setUpApp(app);
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  const config = app.get(Config);
  await app.listen(config.port, config.host);
  const limit = config.max_packages === null ? 'any number of' : `at most ${config.max_packages}`;
  const url = (await app.getUrl()).replace('[::1]', 'localhost');
  new Logger('main').log(`listening on ${url}, storing ${limit} packages in ${placeOf(config)}`);
}

function placeOf({ storage_driver: driver, storage_path: path, s3 }: Config): string {
  return driver === 's3' ? `the bucket ${s3?.bucket}, below ${s3?.prefix || '/'}` : resolve(path);
}

main().catch(async (error: unknown) => {
  await logStartFailure(error);
  process.exit(error instanceof ConfigError ? EX_CONFIG : 1);
});
