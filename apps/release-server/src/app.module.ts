import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { LoggerModule } from 'nestjs-pino';

import { AuthModule, TokenVerifier } from '#auth';
import { RetentionModule, RetentionPolicy } from '#retention';
import { PackageStore, StorageModule } from '#storage';

import type { Extensions } from './app.extensions.js';
import { Config } from './config/config.js';
import { ConfigModule } from './config/config.module.js';
import { identityOf } from './config/identity.factory.js';
import { NamedTokens } from './config/named-tokens.js';
import { retentionOptions } from './config/retention.factory.js';
import { storageOptions } from './config/storage.factory.js';
import { HealthModule } from './health/health.module.js';
import { AppLogger } from './observability/app-logger.js';
import { createLogger } from './observability/logger.factory.js';
import { PackageLinks } from './packages/package-links.js';
import { PackageLinksModule } from './packages/package-links.module.js';
import { PackagesModule } from './packages/packages.module.js';
import { RepositoryAddresses } from './releases/permalinks/repository-addresses.service.js';
import { ReleasesModule } from './releases/releases.module.js';
import { Edge } from './server/edge.js';
import { ProblemFilter } from './server/problem.filter.js';
import { contextOf } from './server/request-context.js';
import { ServerModule } from './server/server.module.js';
import { DocsModule } from './web/docs/docs.module.js';
import { PackagesPageModule } from './web/packages/packages-page.module.js';
import { PagesModule } from './web/pages.module.js';
import { ReleasePagesModule } from './web/releases/release-pages.module.js';
import { TokenModule } from './web/token/token.module.js';

const LOOPBACK = new Set(['localhost', '127.0.0.1', '::1']);

const logger = LoggerModule.forRootAsync({
  inject: [Config],
  useFactory: async (config: Config) => ({
    // One line a request is written by RequestLog; pino-http's logger per request costs more than the routing.
    forRoutes: [],
    renameContext: 'module',
    pinoHttp: { logger: await createLogger(config.log_level), autoLogging: false },
  }),
});

/** The composition root: the only place where the configuration meets the libraries. */
@Module({
  imports: [ServerModule, PagesModule],
  providers: [
    AppLogger,
    Edge,
    ProblemFilter,
    RepositoryAddresses,
    { provide: APP_FILTER, useExisting: ProblemFilter },
  ],
})
export class AppModule {
  static with({ store, verifier, policy, imports = [] }: Extensions = {}): DynamicModule {
    const storage = StorageModule.registerAsync({
      inject: [Config],
      useFactory: storageOptions,
      store: store && { provide: PackageStore, ...store },
    });

    const retention = RetentionModule.registerAsync({
      inject: [Config],
      useFactory: retentionOptions,
      policy: policy && { provide: RetentionPolicy, ...policy },
    });

    const auth = AuthModule.registerAsync({
      inject: [Config, NamedTokens, PackageLinks],
      useFactory: (config: Config, tokens: NamedTokens, links: PackageLinks) => ({
        token: config.auth_token,
        tokenFile: config.auth_token_file,
        tokens,
        identities: config.identities.map(identityOf),
        readOnly: config.read_only,
        closesReads: config.read_access === 'token',
        linkOf: (request) => links.state(request),
        contextOf,
        isLocal: LOOPBACK.has(config.host),
      }),
      verifier: verifier && { provide: TokenVerifier, ...verifier },
    });

    const packages = PackagesModule.on(storage, retention, auth);

    return {
      module: AppModule,
      imports: [
        ConfigModule.with({ needsToken: verifier === undefined }),
        logger,
        PackageLinksModule,
        auth,
        packages,
        ReleasesModule.on(packages, storage, retention, auth),
        PackagesPageModule.on(packages, storage, retention),
        ReleasePagesModule.on(storage, auth),
        HealthModule.on(storage),
        TokenModule,
        DocsModule,
        ...imports,
      ],
    };
  }
}
