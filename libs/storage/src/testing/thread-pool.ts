import { createHook } from 'node:async_hooks';

const CALLS = new Set(['FSREQPROMISE', 'FSREQCALLBACK', 'FILEHANDLECLOSEREQ']);

/** How many calls to the file system take the way through the thread pool while `work` runs, of whomever. */
export async function callsDuring(work: () => Promise<unknown>): Promise<number> {
  let calls = 0;
  const hook = createHook({
    init(_, type) {
      if (CALLS.has(type)) calls += 1;
    },
  }).enable();
  try {
    await work();
  } finally {
    hook.disable();
  }
  return calls;
}
