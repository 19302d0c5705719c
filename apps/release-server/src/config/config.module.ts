import { Global, Module, type DynamicModule } from '@nestjs/common';
import { ConfigModule as NestConfigModule, registerAs } from '@nestjs/config';

import { loadConfig } from './config.loader.js';
import { configSchema, serverConfigSchema } from './config.schema.js';
import { Config } from './config.js';
import { NamedTokens } from './named-tokens.js';

const loadedBy = (schema: typeof configSchema) => registerAs('release-server', () => loadConfig(schema));

/** Loads the configuration once, at start. */
export const configuration = loadedBy(serverConfigSchema);

/** Provides the typed {@link Config} everywhere. Tests override `configuration.KEY`. */
@Global()
@Module({
  providers: [{ provide: Config, useExisting: configuration.KEY }, NamedTokens],
  exports: [Config, NamedTokens],
})
export class ConfigModule {
  /** Whether the server refuses to start without a token, as it must where only the configuration tells of one. */
  static with({ needsToken }: { readonly needsToken: boolean }): DynamicModule {
    const source = needsToken ? configuration : loadedBy(configSchema);
    return { module: ConfigModule, imports: [NestConfigModule.forFeature(source)] };
  }
}
