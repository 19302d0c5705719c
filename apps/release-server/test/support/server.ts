import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';

import type { Extensions } from '../../src/app.extensions.js';
import { AppModule } from '../../src/app.module.js';
import { APP_OPTIONS, setUpApp } from '../../src/app.setup.js';
import { configuration } from '../../src/config/config.module.js';
import { serverConfigSchema } from '../../src/config/config.schema.js';
import { Config } from '../../src/config/config.js';
import { HttpServerAdapter } from '../../src/server/http-server.adapter.js';
import { recordViolations } from './recorder.js';
import { removeStored, stagedIn, storageConfig, storedIn } from './storage.js';
import { tlsConfig } from './tls.js';

export const TOKEN = 'test-token';
export const AUTH = { Authorization: `Bearer ${TOKEN}` };

/** The application on a free port of loopback and a store of its own. */
export interface TestServer {
  readonly url: string;
  readonly port: number;
  /** Where the packages lie, or what they are received in. */
  readonly directory: string;
  readonly app: NestExpressApplication;
  /** Files that are staged now. */
  staged(): Promise<string[]>;
  /** Names of what is stored now, listed or not. */
  stored(): Promise<string[]>;
  /** Stops, removes what is stored, and throws when an answer broke the contract. */
  stop(): Promise<void>;
}

/**
 * Starts the whole application as `main.ts` does, with this configuration above the defaults. Routes of extensions are in
 * no contract, so that with them none is held against it.
 */
export async function startServer(
  overrides: Record<string, unknown> = {},
  extensions?: Extensions,
): Promise<TestServer> {
  const directory = await mkdtemp(join(tmpdir(), 'release-server-'));
  const values = { host: '127.0.0.1', port: 0, auth_token: TOKEN, log_level: 'silent', min_free_space: 0 };
  const { storage_path: path = directory } = overrides;
  const config = new Config(
    serverConfigSchema.parse({ ...values, ...storageConfig(String(path)), ...tlsConfig(), ...overrides }),
  );
  const module = await Test.createTestingModule({ imports: [AppModule.with(extensions)] })
    .overrideProvider(configuration.KEY)
    .useValue(config)
    .compile();
  const app = module.createNestApplication<NestExpressApplication>(new HttpServerAdapter(), APP_OPTIONS);
  await setUpApp(app);
  const server: Server = app.getHttpServer();
  const violations = extensions === undefined ? recordViolations(server) : [];
  await app.listen(config.port, config.host);
  const { port } = server.address() as AddressInfo;
  return {
    url: `${config.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    directory: config.storage_path,
    app,
    staged: () => stagedIn(config.storage_path),
    stored: () => storedIn(config.storage_path),
    stop: async () => {
      await app.close();
      await removeStored(directory);
      await rm(directory, { recursive: true, force: true });
      if (violations.length > 0)
        throw new Error(`answers that break the contract:\n${violations.join('\n')}`);
    },
  };
}

/** Runs one test on a server of its own, and stops it whatever happens. */
export async function withServer<T>(
  overrides: Record<string, unknown>,
  use: (server: TestServer) => Promise<T>,
  extensions?: Extensions,
): Promise<T> {
  const server = await startServer(overrides, extensions);
  try {
    return await use(server);
  } finally {
    await server.stop();
  }
}
