/** So many files are looked at before other work gets its turn: some milliseconds. */
const BATCH = 500;

/** Some at a time, between which other work gets its turn. */
export async function inBatches<T>(
  all: Iterable<T>,
  use: (batch: readonly T[]) => void | Promise<void>,
): Promise<void> {
  let batch: T[] = [];
  for (const one of all) {
    if (batch.push(one) < BATCH) continue;
    await use(batch);
    batch = [];
    await new Promise(setImmediate);
  }
  await use(batch);
}
