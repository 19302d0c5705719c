/**
 * What samples taken at equal distances gain from one to the next, by Theil and Sen: the median of the slopes
 * between all pairs, which a peak here and there does not move.
 */
export function slopeOf(samples: readonly number[]): number {
  const slopes = samples.flatMap((from, index) =>
    samples.slice(index + 1).map((to, distance) => (to - from) / (distance + 1)),
  );
  return slopes.toSorted((a, b) => a - b)[Math.floor(slopes.length / 2)] ?? 0;
}
