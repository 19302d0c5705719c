import { stat } from 'node:fs/promises';

import { stampOf } from './file-stamp.js';

/** Milliseconds between two looks. */
const LOOK_MS = 200;
/** Looks after which a change is told although something moves still, so that it takes less than a second. */
const MOST_LOOKS = 4;

/**
 * Calls back when one of the files is another one than before, or is there again or no longer: for secrets that are
 * replaced while the server runs. Files that change together, as those of a Secret of Kubernetes do by one symbolic link,
 * are told together, once two looks have seen the same, and within a second in any case. The first call is for what has
 * changed since the caller read them itself, and comes also when nothing has. The system tells such changes too, but not on every file system.
 *
 * What is called must not throw. Returns what ends it; by itself it keeps no process alive.
 */
export function watchFiles(paths: readonly string[], changed: () => Promise<void>): () => void {
  let told: string | undefined;
  let last: string | undefined;
  /** How many in a row have seen another state than was told. */
  let looks = 0;
  let isOver = false;
  let timer = later();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };

  function later(): NodeJS.Timeout {
    return setTimeout(() => void look(), LOOK_MS).unref();
  }

  async function look(): Promise<void> {
    const seen = (await Promise.all(paths.map(stateOf))).join();
    looks = seen === told ? 0 : looks + 1;
    if (!isOver && looks > 0 && (seen === last || looks === MOST_LOOKS)) {
      told = seen;
      looks = 0;
      await changed();
    }
    last = seen;
    if (!isOver) timer = later();
  }
}

async function stateOf(path: string): Promise<string> {
  try {
    return stampOf(await stat(path, { bigint: true }));
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}
