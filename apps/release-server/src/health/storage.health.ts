import { Injectable, Logger } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';

import { PackageStore } from '#storage';

/** Milliseconds for which a probe's result stands, and after which a probe that hangs counts as failed. */
const CACHED = 1000;
const TIMEOUT = 5000;

/** Whether the store would take a write now. */
@Injectable()
export class StorageHealth {
  private readonly logger = new Logger('health');

  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly store: PackageStore,
  ) {}

  async check(): Promise<HealthIndicatorResult> {
    return this.indicators
      .check('storage')
      .attempt(() => this.probe())
      .withTimeout(TIMEOUT)
      .cacheFor(CACHED);
  }

  /** The log tells what is wrong in full; the answer, which everybody may read, tells no path. */
  private async probe(): Promise<void> {
    try {
      await this.store.probe();
    } catch (error) {
      this.logger.warn({ err: error }, 'not ready: the storage does not take writes');
      throw new Error('the storage does not take writes', { cause: error });
    }
  }
}
