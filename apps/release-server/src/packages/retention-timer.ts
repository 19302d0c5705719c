import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';

import { prepareCatalog } from '#releases';
import { RetentionService } from '#retention';
import { PackageReader } from '#storage';

import { WriteService } from './write.service.js';

/** At most between two looks: what came meanwhile may be older than it looks, such as a file that was moved in. */
const LONGEST_PAUSE_MS = 60 * 60 * 1000;
/** After a look that found something, or failed. */
const SHORTEST_PAUSE_MS = 1000;

/** Has packages leave when they are too old, although nobody publishes anything. */
@Injectable()
export class RetentionTimer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('retention');
  private timer: NodeJS.Timeout | undefined;
  private look: Promise<void> | undefined;
  private isStopped = false;

  constructor(
    private readonly store: PackageReader,
    private readonly retention: RetentionService,
    private readonly writes: WriteService,
  ) {}

  onApplicationBootstrap(): void {
    if (this.retention.goesByTime) this.schedule(SHORTEST_PAUSE_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.look;
  }

  private schedule(pauseMs: number): void {
    if (this.isStopped) return;
    this.timer = setTimeout(() => void (this.look = this.run()), pauseMs).unref();
  }

  private async run(): Promise<void> {
    let pauseMs = LONGEST_PAUSE_MS;
    try {
      const due = await this.dueAt();
      if (due !== undefined && due <= Date.now()) {
        await this.writes.prune();
        pauseMs = SHORTEST_PAUSE_MS;
      } else if (due !== undefined)
        pauseMs = Math.min(pauseMs, Math.max(SHORTEST_PAUSE_MS, due - Date.now()));
    } catch (error) {
      this.logger.warn({ err: error }, 'retention by age failed, and is tried again within the hour');
    }
    this.schedule(pauseMs);
  }

  private async dueAt(): Promise<number | undefined> {
    const snapshot = await this.store.snapshot();
    await prepareCatalog(snapshot);
    return this.retention.dueAt(snapshot);
  }
}
