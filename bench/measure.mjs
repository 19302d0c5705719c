// One measurement: a load on a contestant, and what that used of it.

/** Runs `load` and gives its rate, with the CPU of all processes of the contestant, and how late its event loop was. */
export async function measured(contestant, load) {
  await contestant.loopDelay?.();
  const before = await contestant.cpuSeconds?.();
  const { requests, seconds, bytes, p99Ms, cpuSeconds } = await load();
  const cpu = cpuSeconds ?? (await contestant.cpuSeconds()) - before;
  const delay = await contestant.loopDelay?.();
  return {
    requestsPerSecond: requests / seconds,
    megabytesPerSecond: bytes / 1e6 / seconds,
    cpuMicrosecondsPerRequest: (cpu * 1e6) / requests,
    cpuSecondsPerGigabyte: cpu / (bytes / 1e9),
    answerP99Ms: p99Ms,
    loopDelayP99Ms: delay?.p99Ms,
    loopDelayMaxMs: delay?.maxMs,
  };
}
