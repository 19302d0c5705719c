import { Global, Module } from '@nestjs/common';
import { ConfigModule as NestConfigModule, registerAs } from '@nestjs/config';

import { loadConfig } from './config.loader.js';
import { configSchema } from './config.schema.js';
import { Config } from './config.js';

/** Loads the configuration once, at start. This file is the one place that reads the process's environment. */
export const configuration = registerAs('release-server', () => loadConfig(process.env));

/** The server's configuration, for a command that works on what the server stores. */
export function loadCommandConfig(): Config {
  return loadConfig(process.env, configSchema);
}

/** Provides the typed {@link Config} everywhere. Tests override `configuration.KEY`. */
@Global()
@Module({
  imports: [NestConfigModule.forFeature(configuration)],
  providers: [{ provide: Config, useExisting: configuration.KEY }],
  exports: [Config],
})
export class ConfigModule {}
