// Preloaded into programs that run on Node: says on request how late their event loop was since the last request.
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 1;
const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
histogram.enable();

const ms = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
process.on('message', () => {
  const { max } = histogram;
  process.send({ p99Ms: ms(histogram.percentile(99)), maxMs: ms(max) });
  histogram.reset();
});
// Not a reason to stay.
process.channel?.unref();
