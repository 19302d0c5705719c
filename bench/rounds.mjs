// Contestants take turns, so that what else the machine does meets all of them, and ratios are taken within a round.

/**
 * Measures each contestant once a round, in another order every round: what `measure` returns, by name of contestant.
 * The first round, in which everything is slow, is not counted, unless each starts afresh every time.
 */
export async function interleaved(contestants, rounds, measure, { isFresh = false } = {}) {
  const results = Object.fromEntries(contestants.map(({ name }) => [name, []]));
  for (let round = isFresh ? 0 : -1; round < rounds; round++) {
    const order = round % 2 === 0 ? contestants : contestants.toReversed();
    for (const contestant of order) {
      const result = await measure(contestant, round);
      if (round >= 0) results[contestant.name].push(result);
    }
  }
  return results;
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
}

/** The ratios of the rounds of two contestants: their median, the least and the greatest. */
export function ratio(of, to) {
  const ratios = of.map((value, round) => value / to[round]);
  return { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) };
}
