import { setTimeout as delay } from 'node:timers/promises';
import type { Server, ServerResponse } from 'node:http';

import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

import { Config } from '../config/config.js';

/** Milliseconds between two looks at what is still in flight. */
const POLL_INTERVAL_MS = 50;

/**
 * Lets requests in flight finish when the process is told to stop. Until they are done the server listens on,
 * so that probes hear that it is not ready; each answer closes its connection.
 */
@Injectable()
export class DrainService implements BeforeApplicationShutdown {
  private readonly logger = new Logger('http');
  private readonly inFlight = new Set<ServerResponse>();
  private draining = false;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly config: Config,
  ) {}

  /** Counts a request. */
  track(response: ServerResponse): void {
    if (this.draining) response.setHeader('Connection', 'close');
    this.inFlight.add(response);
  }

  /** No longer counts one whose answer is out. */
  forget(response: ServerResponse): void {
    this.inFlight.delete(response);
  }

  async beforeApplicationShutdown(signal?: string): Promise<void> {
    const server = this.host.httpAdapter.getHttpServer() as Server;
    const end = Date.now() + this.config.shutdown_timeout;
    this.draining = true;
    for (const response of this.inFlight)
      if (!response.headersSent) response.setHeader('Connection', 'close');
    const reason = signal === undefined ? 'closing' : `${signal} received`;
    this.logger.log(`${reason}: finishing ${this.inFlight.size} requests`);
    while (this.inFlight.size > 0 && Date.now() < end) await delay(POLL_INTERVAL_MS);
    if (this.inFlight.size > 0) {
      this.logger.warn(`${this.inFlight.size} requests did not finish in time and are cut off`);
    }
    server.closeAllConnections();
  }
}
