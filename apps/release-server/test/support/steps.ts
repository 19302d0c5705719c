import { Session, type Profiler } from 'node:inspector';

/**
 * How many steps of our own code something takes: how often each block of the sources is run, as the engine counts it.
 * Unlike time, that is the same on every machine. What the engine does within one call of its own is not counted;
 * patterns are shown to be linear elsewhere (checks/patterns.check-spec.ts).
 */
export class StepCounter {
  private readonly session = new Session();

  /** @param sources - Parts of the paths of what is counted. */
  constructor(private readonly sources: readonly string[]) {
    this.session.connect();
    this.session.post('Profiler.enable');
    this.session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  count(run: () => unknown): number {
    this.take();
    run();
    return this.take()
      .filter(({ url }) => this.sources.some((path) => url.includes(path)))
      .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges))
      .reduce((sum, { count }) => sum + count, 0);
  }

  close(): void {
    this.session.disconnect();
  }

  /** What was counted since the last time. */
  private take(): Profiler.ScriptCoverage[] {
    let taken: Profiler.ScriptCoverage[] = [];
    this.session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error !== null) throw error;
      taken = result;
    });
    return taken;
  }
}
