import * as fc from 'fast-check';

import { OrderedBlocks } from './ordered-blocks.js';

const empty = new OrderedBlocks<number>((a, b) => a - b);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const steps = fc.array(
  fc.record({
    added: fc.uniqueArray(fc.integer({ min: 0, max: 3000 }), { maxLength: 700 }),
    removed: fc.float({ min: 0, max: 1, noNaN: true }),
  }),
  { maxLength: 12 },
);

describe('values in ordered blocks', () => {
  it('are those of a sorted array, whatever comes and goes', () => {
    fc.assert(
      fc.property(steps, (changes) => {
        let blocks = empty;
        const values = new Set<number>();
        for (const { added, removed: share } of changes) {
          const removed = [...values].filter((value) => (value * 7919) % 1000 < share * 1000);
          for (const value of removed) values.delete(value);
          const coming = added.filter((value) => !values.has(value));
          for (const value of coming) values.add(value);
          blocks = blocks.changed(removed, coming);
          const sorted = [...values].sort((a, b) => a - b);
          expect(blocks.blocks.flat()).toEqual(sorted);
          expect(blocks.first).toBe(sorted[0]);
          const lengths = blocks.blocks.map(({ length }) => length);
          expect(lengths.every((length) => length > 0 && length <= 256)).toBe(true);
          // No more blocks than so many values need, whatever was there before.
          expect(lengths.length).toBeLessThanOrEqual(1 + (3 * values.size) / 128);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('share all blocks with those before a change but those that hold what changed', () => {
    const before = empty.changed([], upTo(10_000));
    const after = before.changed([17], [5000.5]);
    const kept = new Set(before.blocks);
    expect(after.blocks.filter((block) => !kept.has(block)).length).toBeLessThanOrEqual(3);
    expect(before.blocks.flat()).toEqual(upTo(10_000));
  });

  it('are found by what comes before them', () => {
    const blocks = empty.changed([], upTo(1000));
    expect(blocks.find((value) => value < 678)).toBe(678);
    expect(blocks.find((value) => value < 1000)).toBeUndefined();
    expect(empty.find(() => true)).toBeUndefined();
  });

  it('are not removed where they are not', () => {
    expect(() => empty.changed([1], [])).toThrow('not in order');
  });
});
