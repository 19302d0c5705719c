/** Over how long a speed is measured, so that it neither trembles nor lags, in milliseconds. */
const WINDOW_MS = 3000;
/** Less says nothing yet, in milliseconds. */
const MIN_SPAN_MS = 300;

/**
 * Measures how fast something advances. The function that is returned takes how many bytes are done by now, and returns
 * bytes per second, undefined as long as that cannot be said.
 */
export function speedometer(
  clock: () => number = () => performance.now(),
): (done: number) => number | undefined {
  let seen = [{ time: clock(), done: 0 }];
  return (done) => {
    const time = clock();
    // One that is older than the window stays, for what comes is measured from it.
    const old = seen.findLastIndex((sample) => time - sample.time >= WINDOW_MS);
    seen = [...seen.slice(Math.max(old, 0)), { time, done }];
    const [first] = seen;
    if (first === undefined || time - first.time < MIN_SPAN_MS) return undefined;
    return ((done - first.done) / (time - first.time)) * 1000;
  };
}
