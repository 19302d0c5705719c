import { spawn, spawnSync } from 'node:child_process';

import { Owner } from '../staging/owner.js';

/** The tag of a process of this machine with that id. */
export function tagOfProcess(pid: number): string {
  const own = new Owner();
  own.release();
  const [host = ''] = own.tag.split('.');
  return `${host}.${pid}.0badcafe`;
}

/** The tag of a process of this machine that is gone. */
export function tagOfDead(): string {
  return tagOfProcess(spawnSync(process.execPath, ['--version']).pid);
}

/** Runs `use` with the tag of another process of this machine that lives on. */
export async function withLivingNeighbour<T>(use: (tag: string) => Promise<T>): Promise<T> {
  const neighbour = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { stdio: 'ignore' });
  try {
    if (neighbour.pid === undefined) throw new Error('the neighbour did not start');
    return await use(tagOfProcess(neighbour.pid));
  } finally {
    neighbour.kill();
  }
}
