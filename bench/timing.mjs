/** How long `work` takes, in milliseconds. */
export async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

export function median(times) {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];
}
