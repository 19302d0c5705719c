import { describe, expect, it } from '@jest/globals';

import { speedometer } from './speed.js';

describe('speedometer', () => {
  function measure(steps: readonly (readonly [time: number, done: number])[]): (number | undefined)[] {
    let now = 0;
    const speed = speedometer(() => now);
    return steps.map(([time, done]) => {
      now = time;
      return speed(done);
    });
  }

  it('says nothing of the first moment', () => {
    expect(
      measure([
        [100, 50],
        [299, 900],
      ]),
    ).toEqual([undefined, undefined]);
  });

  it('tells bytes per second', () => {
    expect(
      measure([
        [500, 1000],
        [1000, 2000],
      ]),
    ).toEqual([2000, 2000]);
  });

  it('forgets what is long ago', () => {
    const steps = Array.from({ length: 100 }, (_, i) => [i * 100, i < 50 ? 0 : (i - 50) * 100] as const);

    expect(measure(steps).at(-1)).toBeCloseTo(1000);
  });

  it('comes down to nothing when nothing moves', () => {
    expect(
      measure([
        [1000, 5000],
        [4000, 5000],
        [7000, 5000],
      ]).at(-1),
    ).toBe(0);
  });
});
