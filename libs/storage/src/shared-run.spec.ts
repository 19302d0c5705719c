import { SharedRun } from './shared-run.js';

describe('SharedRun', () => {
  let ends: PromiseWithResolvers<void>[];
  let runs: SharedRun;
  const end = async (at: number): Promise<void> => {
    ends[at]?.resolve();
    await new Promise(setImmediate);
  };

  beforeEach(() => {
    ends = [];
    runs = new SharedRun(() => {
      const one = Promise.withResolvers<void>();
      ends.push(one);
      return one.promise;
    });
  });

  it('is joined by all who come while it is in flight', async () => {
    const joined = [runs.join(), runs.join()];
    expect(ends).toHaveLength(1);
    expect(runs.inFlight).toBeDefined();
    await end(0);
    await Promise.all(joined);
    expect(runs.inFlight).toBeUndefined();
    void runs.join();
    expect(ends).toHaveLength(2);
  });

  // Mutants: who comes while a run is in flight joins that one, or begins one of its own.
  it('is followed by one that begins after the call, for all who asked meanwhile', async () => {
    let isOver = false;
    void runs.next();
    const followed = Promise.all([runs.next(), runs.next()]).then(() => (isOver = true));
    expect(ends).toHaveLength(1);
    await end(0);
    expect([ends.length, isOver]).toEqual([2, false]);
    await end(1);
    await followed;
    expect([ends.length, runs.inFlight]).toEqual([2, undefined]);
  });

  it('is followed also when it fails, and rejects for those who shared it only', async () => {
    const failed = runs.next();
    const followed = runs.next();
    ends[0]?.reject(new Error('broken'));
    await expect(failed).rejects.toThrow('broken');
    await new Promise(setImmediate);
    await end(1);
    await expect(followed).resolves.toBeUndefined();
  });
});
