import { EventEmitter } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import { makeCertificate } from '../../../test/support/tls.js';
import { serverConfigSchema } from '../../config/config.schema.js';
import { Config } from '../../config/config.js';
import { ServerCertificate } from './server-certificate.js';

const DAY_MS = 24 * 60 * 60 * 1000;

describe('the certificate of a server that runs for long', () => {
  let directory: string;
  const warnings: string[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'certificate-'));
    const warn = (_: unknown, message: string): void => void warnings.push(message);
    Logger.overrideLogger({ log: () => undefined, error: () => undefined, warn });
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] });
  });

  afterEach(async () => {
    jest.useRealTimers();
    await rm(directory, { recursive: true });
  });

  it('is warned of daily when it has 14 days or fewer, until the server is closed', async () => {
    const tls = makeCertificate(directory, { days: 16 });
    const server = new EventEmitter();
    const config = new Config(serverConfigSchema.parse({ read_only: true, tls }));
    const certificate = await ServerCertificate.of(config);
    certificate?.keepUpToDate(server as Server);
    server.emit('listening');
    await jest.advanceTimersByTimeAsync(DAY_MS);
    expect(warnings).toEqual([]);
    await jest.advanceTimersByTimeAsync(2 * DAY_MS);
    await jest.advanceTimersByTimeAsync(14 * DAY_MS);
    expect(warnings[0]).toMatch(/expires in 14 days$/);
    expect(warnings.at(-1)).toMatch(/has expired: clients refuse it$/);
    expect(warnings).toHaveLength(16);
    server.emit('close');
    await jest.advanceTimersByTimeAsync(10 * DAY_MS);
    expect(warnings).toHaveLength(16);
  });
});
