import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { ServerProcess } from '../support/process.js';
import { until } from '../support/until.js';
import { expectAsAcknowledged, Ledger, Load } from './support/load.js';
import { fileSystems, LoopDisk, loopDisk, type FileSystem } from './support/loop-disk.js';
import { row, type Row } from './support/row.js';

row(
  'K3',
  'power cuts of a disk under creates, overwrites, deletes and evictions at a limit of 20',
  { rounds: { usual: 8, long: 200, of: 'cuts' }, needs: [loopDisk] },
  async (frame) => {
    const kinds = fileSystems();
    const cuts = Math.ceil(frame.rounds / kinds.length);
    const results = await Promise.allSettled(kinds.map((kind) => cutPower(kind, cuts, frame)));
    for (const [index, result] of results.entries()) {
      if (result.status === 'rejected') throw result.reason;
      frame.note(`${kinds[index]}: ${cuts} cuts, ${result.value} acknowledged, 0 lost, 0 torn`);
    }
  },
);

/** Cuts the power again and again; resolves with the number of acknowledged writes. */
async function cutPower(kind: FileSystem, cuts: number, { directory, server }: Row): Promise<number> {
  const limit = 20;
  const ledger = new Ledger();
  const disk = LoopDisk.make(directory, kind);
  const packages = join(disk.path, 'packages');
  const start = () => server({ MAX_PACKAGES: `${limit}` }, { directory: packages });
  let victim = await start();
  try {
    for (let round = 0; round < cuts; round++) {
      const load = new Load(victim, ledger, { deletes: round % 2 === 1 });
      await delay(randomInt(100, 600));
      // In the midst of writes, or right after the answer to the last, when no other has synced anything since.
      if (round % 4 < 2) await load.stop();
      await freeze(victim);
      disk.cut();
      await victim.kill();
      await load.stop();
      disk.unmount();
      disk.mount();
      victim = await start();
      await expectAsAcknowledged(ledger, packages, { server: victim, limit });
    }
    // Half of the cuts come when nothing is under way.
    ledger.expectExercised(Math.floor(cuts / 2));
    return ledger.acknowledged;
  } finally {
    await victim.kill();
    disk.unmount();
  }
}

/**
 * Stops a server in its tracks, for with the power everything goes at once: on a dead xfs an fsync of a directory
 * succeeds, and a server that ran on would answer by it.
 */
async function freeze({ child }: ServerProcess): Promise<void> {
  child.kill('SIGSTOP');
  await until(() => / T /.test(readFileSync(`/proc/${child.pid}/stat`, 'utf8')));
}
