import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import type { RetentionService } from '#retention';
import { NO_RELEASES, type PackageReader } from '#storage';

import { RetentionTimer } from './retention-timer.js';
import type { WriteService } from './write.service.js';

const HOUR_MS = 60 * 60 * 1000;

describe('RetentionTimer', () => {
  const store = { snapshot: async () => ({ packages: [], drafts: [], releases: NO_RELEASES }) };
  let prunes: number;

  beforeEach(() => {
    Logger.overrideLogger(false);
    prunes = 0;
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
  });

  afterEach(() => void jest.useRealTimers());

  /** @param due - Milliseconds from now on until something is due, for each look; the last for all further ones. */
  function timerOf(due: (number | undefined)[], goesByTime = true): RetentionTimer {
    const retention = {
      goesByTime,
      dueAt: () => {
        const next = due.length > 1 ? due.shift() : due[0];
        if (Number.isNaN(next)) throw new Error('no idea');
        return next === undefined ? undefined : Date.now() + next;
      },
    };
    const writes = {
      prune: async () => {
        prunes += 1;
      },
    };
    return new RetentionTimer(
      store as unknown as PackageReader,
      retention as unknown as RetentionService,
      writes as unknown as WriteService,
    );
  }

  /** What is started by the timers of that time has ended. */
  async function after(ms: number): Promise<number> {
    await jest.advanceTimersByTimeAsync(ms);
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => void setImmediate(resolve));
    return prunes;
  }

  it('prunes when something is due, and looks again', async () => {
    const timer = timerOf([0, 5000, 0, undefined]);
    timer.onApplicationBootstrap();
    expect(await after(1000)).toBe(1);
    expect(await after(1000)).toBe(1);
    expect(await after(4999)).toBe(1);
    expect(await after(1)).toBe(2);
    await timer.beforeApplicationShutdown();
  });

  it('looks at least every hour, and goes on after a failure', async () => {
    const timer = timerOf([undefined, 1000 * HOUR_MS, Number.NaN, 0]);
    timer.onApplicationBootstrap();
    expect(await after(1000)).toBe(0);
    expect(await after(HOUR_MS)).toBe(0);
    expect(await after(HOUR_MS)).toBe(0);
    expect(await after(HOUR_MS)).toBe(1);
    await timer.beforeApplicationShutdown();
  });

  it('ends with the server', async () => {
    const timer = timerOf([0]);
    timer.onApplicationBootstrap();
    expect(await after(1000)).toBe(1);
    await timer.beforeApplicationShutdown();
    expect(await after(10 * HOUR_MS)).toBe(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('does nothing where nothing leaves by its age', async () => {
    timerOf([0], false).onApplicationBootstrap();
    expect(await after(10 * HOUR_MS)).toBe(0);
  });
});
