import { Injectable, Logger } from '@nestjs/common';

import type { PackageEvent, ReleaseEvent } from './package-event.js';

/** Hears of a change. What it throws, or rejects with, is logged. */
export type PackageListener = (event: PackageEvent | ReleaseEvent) => void | Promise<void>;

/**
 * Delivers each change of packages and releases that this process makes: once, as soon as it is durable, in the order in which
 * the changes took effect. Nobody waits for a listener, and no listener can fail a change or keep it from the others.
 * Events that are not delivered when the process dies are lost. A listener that subscribes before the server starts,
 * such as in a constructor or `onModuleInit`, receives what leaves at the start too.
 */
@Injectable()
export class PackageEvents {
  private readonly logger = new Logger('events');
  private readonly listeners = new Set<PackageListener>();

  /** @returns What ends it. */
  subscribe(listener: PackageListener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** For {@link WriteService} and {@link ReleaseWrites}, which make the changes. */
  say(event: PackageEvent | ReleaseEvent): void {
    for (const listener of this.listeners) void this.tell(listener, event);
  }

  /** Calls it at once, so that each hears of changes in their order; as `async`, for both ways to fail. */
  private async tell(listener: PackageListener, event: PackageEvent | ReleaseEvent): Promise<void> {
    try {
      await listener(event);
    } catch (error) {
      this.logger.error({ err: error, event: event.type }, `a listener failed on ${event.type}`);
    }
  }
}
