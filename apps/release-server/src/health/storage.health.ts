import { Injectable, Logger } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';

import { PackageStore } from '#storage';

/** A probe's result is used again for this long after the probe began. */
const CACHE_TTL_MS = 1000;
/** A probe that takes longer counts as failed. */
const TIMEOUT_MS = 5000;
/** Probes in flight at once: one that hangs holds a thread that reads and writes files, of which there are few. */
const MAX_PROBES_IN_FLIGHT = 2;

/** Whether the store would take a write now. */
@Injectable()
export class StorageHealth {
  private readonly logger = new Logger('health');

  private inFlight = 0;
  private last: { readonly began: number; readonly result: Promise<void> } | undefined;

  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly store: PackageStore,
  ) {}

  async check(): Promise<HealthIndicatorResult> {
    return this.indicators
      .check('storage')
      .attempt(() => this.recentProbe())
      .withTimeout(TIMEOUT_MS);
  }

  /** What a probe says was true at some moment since it began, however late it says so. */
  private recentProbe(): Promise<void> {
    const now = performance.now();
    const isOld = this.last === undefined || now - this.last.began >= CACHE_TTL_MS;
    if (this.last === undefined || (isOld && this.inFlight < MAX_PROBES_IN_FLIGHT)) {
      this.last = { began: now, result: this.probe() };
      // Its caller may have timed out.
      this.last.result.catch(() => undefined);
    }
    return this.last.result;
  }

  /** The log tells what is wrong in full; the answer, which everybody may read, tells no path. */
  private async probe(): Promise<void> {
    this.inFlight += 1;
    try {
      await this.store.probe();
    } catch (error) {
      this.logger.warn({ err: error }, 'not ready: the storage does not take writes');
      throw new Error('the storage does not take writes', { cause: error });
    } finally {
      this.inFlight -= 1;
    }
  }
}
