import { readdir } from 'node:fs/promises';

import type { ServerProcess } from '../../support/process.js';
import { until } from '../../support/until.js';

export { stagedIn as staged } from '../../support/storage.js';

/** Files and sockets that the server has open. */
export async function descriptors(server: ServerProcess): Promise<number> {
  return (await readdir(`/proc/${server.child.pid}/fd`)).length;
}

/** Waits until the server has let go of everything that it has opened since. */
export async function expectDescriptors(server: ServerProcess, before: number): Promise<void> {
  await until(async () => (await descriptors(server)) <= before).catch(async () => {
    throw new Error(`${await descriptors(server)} descriptors are open, ${before} were before`);
  });
}
