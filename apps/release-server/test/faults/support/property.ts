import { randomInt } from 'node:crypto';

import * as fc from 'fast-check';

/** Where the random choices begin. `FAULTS_SEED` repeats those of a report. */
export const SEED = Number(process.env['FAULTS_SEED'] ?? randomInt(2 ** 31));

/** Milliseconds for which a smaller counterexample is looked for. */
const PATIENCE = 20_000;

/**
 * Tries so many random values. Throws with the smallest one found that fails, and with the seed that leads to it.
 */
export async function assertAlways<Value>(
  values: fc.Arbitrary<Value>,
  check: (value: Value) => Promise<void>,
  { runs, seed = SEED }: { readonly runs: number; readonly seed?: number },
): Promise<void> {
  let end = Number.POSITIVE_INFINITY;
  const property = fc.asyncProperty(values, async (value) => {
    // Whatever passes is not looked into further.
    if (performance.now() > end) return;
    try {
      await check(value);
    } catch (error) {
      end = Math.min(end, performance.now() + PATIENCE);
      throw error;
    }
  });
  await fc.assert(property, { seed, numRuns: runs });
}
