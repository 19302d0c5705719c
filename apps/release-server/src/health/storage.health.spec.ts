import { jest } from '@jest/globals';
import { HealthIndicatorService } from '@nestjs/terminus';

import type { PackageStore } from '#storage';

import { StorageHealth } from './storage.health.js';

describe('StorageHealth', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  // Mutant: a result stands for a second from when it arrived.
  it('takes a probe for a second from when it began, however long it took', async () => {
    let isReady = true;
    const probe = jest.fn(async () => {
      const wasReady = isReady;
      await new Promise((resolve) => setTimeout(resolve, 900));
      if (!wasReady) throw new Error('read-only file system');
    });
    const health = new StorageHealth(new HealthIndicatorService(), { probe } as unknown as PackageStore);
    const statuses: (string | undefined)[] = [];
    const ask = (): void => {
      health.check().then(
        ({ storage }) => statuses.push(storage?.status),
        () => statuses.push('failed'),
      );
    };
    ask();
    await jest.advanceTimersByTimeAsync(950);
    isReady = false;
    ask();
    await jest.advanceTimersByTimeAsync(50);
    expect(probe).toHaveBeenCalledTimes(1);
    ask();
    await jest.advanceTimersByTimeAsync(1000);
    expect(probe).toHaveBeenCalledTimes(2);
    expect(statuses).toEqual(['up', 'up', 'down']);
  });
});
