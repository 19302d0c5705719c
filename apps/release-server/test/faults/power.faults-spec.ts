import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { ServerProcess } from '../support/process.js';
import { until } from '../support/until.js';
import { expectAsAcknowledged, Ledger, Load } from './support/load.js';
import { fileSystems, LoopDisk, loopDisk, type FileSystem } from './support/loop-disk.js';
import { ReleaseLedger } from './support/release-ledger.js';
import { expectReleasesAsAcknowledged, ReleaseClient, ReleaseLoad } from './support/release-load.js';
import { row, type Row } from './support/row.js';

row(
  'K3',
  'power cuts of a disk under creates, overwrites, deletes and evictions at a limit of 20; the same of whole releases',
  {
    rounds: { usual: 8, long: 200, of: 'cuts of each' },
    needs: [loopDisk],
    timeout: { usual: 300_000, long: 3_600_000 },
  },
  async (frame) => {
    const kinds = fileSystems();
    const cuts = Math.ceil(frame.rounds / kinds.length);
    const tries = kinds.flatMap((kind) => [
      cutUnderPackages(kind, cuts, frame),
      cutUnderReleases(kind, cuts, frame),
    ]);
    for (const result of await Promise.allSettled(tries)) {
      if (result.status === 'rejected') throw result.reason;
      frame.note(result.value);
    }
  },
);

const LIMIT = 20;

async function cutUnderPackages(kind: FileSystem, cuts: number, frame: Row): Promise<string> {
  const ledger = new Ledger();
  await cutPower(kind, cuts, frame, {
    load: (victim, deletes) =>
      Object.assign(new Load(victim, ledger, { deletes }), { some: () => delay(randomInt(100, 600)) }),
    expectAll: (directory, server) => expectAsAcknowledged(ledger, directory, { server, limit: LIMIT }),
  });
  // Half of the cuts come when nothing is under way.
  ledger.expectExercised(Math.floor(cuts / 2));
  return `${kind}: ${cuts} cuts, ${ledger.acknowledged} acknowledged, 0 lost, 0 torn`;
}

async function cutUnderReleases(kind: FileSystem, cuts: number, frame: Row): Promise<string> {
  const ledger = new ReleaseLedger();
  await cutPower(kind, cuts, frame, {
    load: (victim, deletes) => new ReleaseLoad(victim, ledger, { deletes }),
    last: async (victim) => {
      const [client, tag] = [new ReleaseClient(() => victim, ledger), ledger.newTag()];
      await client.fill(tag);
      await client.publish(tag);
    },
    expectAll: (directory, server) =>
      expectReleasesAsAcknowledged(ledger, directory, { server, limit: LIMIT }),
  });
  ledger.expectExercised(Math.floor(cuts / 2));
  return `${kind}: ${cuts} cuts, ${ledger.publications} releases published, 0 partial`;
}

/** What is done when the power is cut, and what must be there then. */
interface Traffic {
  readonly load: (
    victim: ServerProcess,
    deletes: boolean,
  ) => { some(): Promise<void>; stop(): Promise<void> };
  /** What is done as the last thing where nothing is under way. */
  readonly last?: (victim: ServerProcess) => Promise<void>;
  readonly expectAll: (directory: string, server: ServerProcess) => Promise<void>;
}

/** Cuts the power again and again. */
async function cutPower(
  kind: FileSystem,
  cuts: number,
  { directory, server }: Row,
  { load: begin, last, expectAll }: Traffic,
): Promise<void> {
  const disk = LoopDisk.make(await mkdtemp(join(directory, `${kind}-`)), kind);
  const packages = join(disk.path, 'packages');
  const start = () => server({ MAX_PACKAGES: `${LIMIT}` }, { directory: packages });
  let victim = await start();
  try {
    for (let round = 0; round < cuts; round++) {
      const load = begin(victim, round % 2 === 1);
      await load.some();
      // In the midst of writes, or right after the answer to the last, when no other has synced anything since.
      if (round % 4 < 2) {
        await load.stop();
        await last?.(victim);
      }
      await freeze(victim);
      disk.cut();
      await victim.kill();
      await load.stop();
      disk.unmount();
      disk.mount();
      victim = await start();
      await expectAll(packages, victim);
    }
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
