const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** A time span as the configuration has it: `365d`. @param time - Milliseconds. */
export function spanOf(time: number): string {
  const [unit, factor] = UNITS.find(([, one]) => time % one === 0) ?? ['ms', 1];
  return `${time / factor}${unit}`;
}
